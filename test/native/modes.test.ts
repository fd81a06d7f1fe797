/** Every mode, source, thread count and plan gives the same bits on one instruction set; WASM agrees. */

import assert from 'node:assert/strict';
import { nativeIsas } from '../../runtime/engine/isa.ts';
import { modes } from '../../runtime/format/choose.ts';
import { load } from '../../runtime/node.ts';
import type { LoadOptions } from '../../runtime/options.ts';
import { type BundleFolder, chain, inputFor, writeBundle } from '../support/chain.ts';
import { skip } from '../support/skip.ts';
import { isas, skipWithoutAddon, withIsa } from './addon.ts';

const bits = (array: unknown): string => Buffer.from((array as Float32Array).buffer).toString('hex');

for (const host of [false, true])
  describe(`the native engine on a chain of layers${host ? ' with a host op' : ''}`, () => {
    const made = chain({ host, width: 256, rows: 8, layers: 7 });
    const input = inputFor(made);
    let bundle: BundleFolder;

    before(async function () {
      skipWithoutAddon(this);
      bundle = await writeBundle(made);
    });
    after(() => bundle?.remove());

    const once = async (options: LoadOptions): Promise<string> => {
      const model = await load(bundle.path, options);
      try {
        return bits((await model.run({ x: input }))['y']);
      } finally {
        await model.close();
      }
    };

    const cases: LoadOptions[] = [];
    for (const threads of [1, 2, 4]) {
      for (const mode of modes)
        for (const plan of mode === 'resident' ? ['resident'] : ['smallest', 'double', 'triple'])
          cases.push({ mode, plan, threads });
      for (const source of ['file', 'direct', 'mmap'] as const)
        cases.push({ mode: 'stream', source, threads, inFlight: 1 });
      cases.push({ mode: 'resident', source: 'mmap', threads }, { mode: 'mmap', plan: 'resident', threads });
      cases.push(
        { mode: 'sequential', source: 'mmap', threads, verify: 'first' },
        { source: 'direct', threads, inFlight: 8 },
      );
    }

    for (const isa of nativeIsas)
      it(`gives the same bits in ${cases.length} ways on ${isa}`, async function () {
        if (!isas.includes(isa)) skip(this, 'not on this processor');
        const model = await load(bundle.path, { isa, mode: 'resident' });
        assert.equal(model.engine, 'native');
        assert.equal(model.isa, isa);
        const { y } = await model.run({ x: input });
        await model.close();
        for (const [i, value] of made.expected(input).entries())
          assert.ok(Math.abs((y as Float32Array)[i]! - value) < 1e-4, `element ${i}`);
        for (const options of cases) {
          const loaded = await load(bundle.path, { ...options, isa });
          try {
            for (let run = 0; run < 3; run++) {
              if (run === 1) await loaded.run({ x: inputFor(made, 1) });
              const again = await loaded.run({ x: input });
              assert.equal(bits(again['y']), bits(y), JSON.stringify(options));
              const streams = loaded.plan.name !== 'resident';
              if (streams || run > 0)
                assert.equal(
                  loaded.stats.bytesRead,
                  streams ? made.weights.length : 0,
                  JSON.stringify(options),
                );
            }
          } finally {
            await loaded.close();
          }
        }
      });

    it('gives the bits of plain WASM where they must be the same everywhere', async () => {
      const plain = await once({ engine: 'wasm', deterministic: true });
      assert.equal(await once({ engine: 'native', deterministic: true, threads: 2 }), plain);
      assert.equal(await once({ engine: 'wasm', deterministic: true, mode: 'synchronous' }), plain);
    });
  });

describe('the choice of an engine', () => {
  const made = chain();
  let bundle: BundleFolder;
  before(async function () {
    skipWithoutAddon(this);
    bundle = await writeBundle(made);
  });
  after(() => bundle?.remove());

  const described = async (options: LoadOptions) => {
    const model = await load(bundle.path, options);
    await model.run({ x: inputFor(made) });
    const { engine, isa, mode, source, threads } = model;
    await model.close();
    return { engine, isa, mode, source, threads };
  };

  it('is native where the addon is found', async () => {
    assert.deepEqual(await described({ plan: 'double' }), {
      engine: 'native',
      isa: isas[0],
      mode: 'stream',
      source: 'direct',
      threads: 1,
    });
    assert.equal((await described({})).source, 'file');
    assert.equal((await described({ deterministic: true })).isa, 'baseline');
    assert.deepEqual(await described({ plan: 'double', source: 'mmap', threads: 2 }), {
      engine: 'native',
      isa: isas[0],
      mode: 'mmap',
      source: 'mmap',
      threads: 2,
    });
  });

  it('is WASM where that is asked for, and refuses what only one of them can', async () => {
    assert.equal((await described({ engine: 'wasm' })).engine, 'wasm');
    await assert.rejects(load(bundle.path, { engine: 'wasm', mode: 'mmap' }), /mode: WASM can not map files/);
    await assert.rejects(load(bundle.path, { engine: 'wasm', source: 'mmap' }), /source: WASM can not map/);
    await assert.rejects(load(bundle.path, { mode: 'mmap', source: 'file' }), /source of its own/);
  });

  it('is that of the instruction set that is asked for', async () => {
    const baseline = { engine: 'native', isa: 'baseline' };
    const { engine, isa } = await described({ isa: 'baseline' });
    assert.deepEqual({ engine, isa }, baseline);
    for (const isa of ['wasm-simd128', 'wasm-relaxed-simd'] as const) {
      const wasm = await described({ isa });
      assert.equal(wasm.engine, 'wasm');
      assert.equal(wasm.isa, isa);
    }
    assert.equal((await described({ deterministic: true, isa: 'wasm-simd128' })).isa, 'wasm-simd128');
    const refused: readonly [LoadOptions, RegExp][] = [
      [{ isa: 'mmx' as 'avx2' }, /isa: not a choice/],
      [{ isa: 'baseline', engine: 'wasm' }, /isa: an instruction set of the native engine/],
      [{ isa: 'wasm-simd128', engine: 'native' }, /isa: an instruction set of WASM/],
      [{ isa: 'wasm-simd128', source: 'mmap' }, /source: WASM can not map files/],
      [{ isa: 'avx2', deterministic: true }, /isa: avx2 has bits of its own/],
      [{ isa: isas.includes('neon') ? 'avx2' : 'neon' }, /instruction set\n {2}expected: .*baseline/],
    ];
    for (const [options, message] of refused) await assert.rejects(load(bundle.path, options), message);
  });

  it('takes the variable MILLRACE_ISA where the caller names no instruction set', async () => {
    await withIsa('baseline', async () => {
      assert.equal((await described({})).isa, 'baseline');
      assert.equal((await described({ isa: isas[0] })).isa, isas[0]);
      assert.equal((await described({ engine: 'wasm' })).engine, 'wasm');
    });
    await withIsa('mmx', async () => {
      await assert.rejects(load(bundle.path, {}), /instruction set\n {2}expected: .*baseline\n {2}got: mmx/);
      assert.equal((await described({ deterministic: true })).isa, 'baseline');
    });
  });
});
