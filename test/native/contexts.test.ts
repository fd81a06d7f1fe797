/** Contexts: concurrent inferences of one loaded model, and what they share. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Context, type LoadedModel, load } from '../../runtime/node.ts';
import type { LoadOptions } from '../../runtime/options.ts';
import { type BundleFolder, chain, inputFor, writeBundle } from '../support/chain.ts';
import { skip } from '../support/skip.ts';
import { addon, skipWithoutAddon } from './addon.ts';

const MIB = 2 ** 20;
const child = fileURLToPath(new URL('contexts.child.ts', import.meta.url));
const engines = addon === null ? (['wasm'] as const) : (['native', 'wasm'] as const);

describe('contexts', () => {
  const made = chain({ layers: 12, width: 64, rows: 16, host: true });
  const input = inputFor(made);
  const other = input.map((x) => 1 - x);
  let bundle: BundleFolder;
  let expected: Float32Array;
  let expectedOther: Float32Array;
  const open: LoadedModel[] = [];
  const loaded = async (options: LoadOptions): Promise<LoadedModel> => {
    const model = await load(bundle.path, { deterministic: true, ...options });
    open.push(model);
    return model;
  };
  before(async () => {
    bundle = await writeBundle(made);
    const model = await load(bundle.path, { engine: 'wasm', deterministic: true });
    expected = (await model.run({ x: input }))['y'] as Float32Array;
    expectedOther = (await model.run({ x: other }))['y'] as Float32Array;
    await model.close();
  });
  afterEach(async () => {
    for (const model of open.splice(0)) await model.close();
  });
  after(() => bundle.remove());

  for (const engine of engines)
    for (const mode of [
      'resident',
      'stream',
      'sequential',
      ...(engine === 'native' ? ['mmap'] : []),
    ] as const)
      for (const threads of [1, 2])
        it(`run at the same time, with the model: ${engine}, ${mode}, ${threads} thread(s)`, async () => {
          const model = await loaded({ engine, mode: mode as 'stream' });
          const contexts: Context[] = [model];
          for (let i = 0; i < 3; i++) contexts.push(await model.context({ threads }));
          assert.equal(contexts[1]!.threads, threads);
          assert.equal(contexts[1]!.sharesWeights, engine === 'native' || mode !== 'resident');
          // The first round finds the residents unread: whoever comes first reads them.
          for (let round = 0; round < 5; round++) {
            const runs = contexts.map((context, i) => context.run({ x: (i + round) % 2 ? other : input }));
            for (const [i, { y }] of (await Promise.all(runs)).entries())
              assert.deepEqual(y, (i + round) % 2 ? expectedOther : expected, `context ${i}, round ${round}`);
          }
          if (engine === 'native' && mode === 'resident')
            assert.deepEqual(
              contexts.map(({ stats }) => stats.bytesRead),
              [0, 0, 0, 0],
            );
        });

  for (const engine of engines) {
    it(`are stopped and closed one by one, or with the model: ${engine}`, async () => {
      const model = await loaded({ engine, mode: 'sequential' });
      const [a, b, c] = [await model.context(), await model.context(), await model.context()];
      const controller = new AbortController();
      const stopped = assert.rejects(a.run({ x: input }, { signal: controller.signal }), { code: 'ABORTED' });
      const kept = b.run({ x: other });
      controller.abort();
      await stopped;
      assert.deepEqual((await kept)['y'], expectedOther);
      assert.deepEqual((await a.run({ x: input }))['y'], expected);
      await assert.rejects(
        Promise.all([a.run({ x: input }), a.run({ x: input })]),
        (error: { code: string }) => error.code === 'BUSY',
      );
      await a.close();
      await assert.rejects(a.run({ x: input }), { code: 'CLOSED', message: /context/ });
      assert.deepEqual((await b.run({ x: input }))['y'], expected);
      const cut = assert.rejects(c.run({ x: input }), { code: 'CLOSED' });
      const late = assert.rejects(model.context(), { code: 'CLOSED' });
      const closing = model.close();
      await Promise.all([closing, cut, late]);
      await assert.rejects(b.run({ x: input }), { code: 'CLOSED' });
      await assert.rejects(model.context(), { code: 'CLOSED' });
    });

    it(`write into the caller's arrays: ${engine}`, async () => {
      const context = await (await loaded({ engine })).context();
      const y = new Float32Array(expected.length);
      const room = new Float32Array(expected.length + 4).subarray(3, -1);
      for (const array of [y, room]) {
        const outputs = await context.run({ x: input }, { outputs: { y: array } });
        assert.equal(outputs['y'], array);
        assert.deepEqual(array, expected);
      }
      for (const outputs of [{ y: new Float32Array(3) }, { y: new Int32Array(expected.length) }, { z: y }])
        await assert.rejects(context.run({ x: input }, { outputs: outputs as never }), { code: 'INPUT' });
      const { allocations, allocatedBytes } = context.stats;
      assert.deepEqual({ allocations, allocatedBytes }, { allocations: 0, allocatedBytes: 0 });
    });
  }

  it('say what they can not share', async () => {
    const model = await loaded({ engine: 'wasm', mode: 'resident' });
    await assert.rejects(model.context({ shareWeights: true }), { code: 'OPTION', message: /its own copy/ });
    await assert.rejects(model.context({ threads: 0 }), { code: 'OPTION' });
    await assert.rejects(model.context({ thread: 2 } as never), { code: 'OPTION' });
    const streamed = await loaded({ engine: 'wasm', plan: 'smallest' });
    assert.ok((await streamed.context({ shareWeights: true })).sharesWeights);
  });

  it('refuse a file that is not the one the model was loaded from', async function () {
    skipWithoutAddon(this);
    const own = await writeBundle(made);
    const model = await load(own.path, { engine: 'native' });
    appendFileSync(join(own.path, 'weights.bin'), 'x');
    await assert.rejects(model.context(), { code: 'BUNDLE_READ', message: /replaced/ });
    await model.close();
    await own.remove();
  });

  it('take tensors from malloc if told to, for the same bits', async function () {
    skipWithoutAddon(this);
    for (const mode of ['resident', 'sequential'] as const) {
      const model = await loaded({ engine: 'native', mode, allocation: 'malloc' });
      const context = await model.context({ threads: 2 });
      for (let i = 0; i < 3; i++) {
        assert.deepEqual((await context.run({ x: input }))['y'], expected);
        assert.deepEqual((await model.run({ x: other }))['y'], expectedOther);
      }
      // 14 activations, without input and output, and without the host op's two.
      assert.equal(context.stats.allocations, made.manifest.lifetimes.length - 4);
    }
    await assert.rejects(loaded({ engine: 'wasm', allocation: 'malloc' }), { code: 'OPTION' });
  });

  it('hold one copy of resident weights: 8 contexts in a process of their own', async function () {
    skipWithoutAddon(this);
    if (process.platform !== 'linux') skip(this, 'for Linux only');
    const large = chain({ layers: 16, width: 512, rows: 8 });
    const folder = await writeBundle(large);
    const args = ['--expose-gc', '--import=tsx', child, folder.path, '8', String(8 * 512)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 150_000 });
    await folder.remove();
    const { resident, slab, model, contexts, runs } = JSON.parse(stdout) as Record<string, number>;
    assert.ok(resident! > 15 * MIB);
    const figures = `residents ${resident}, slab ${slab}, model ${model}, contexts ${contexts}`;
    assert.ok(model! > 0.9 * resident!, figures);
    // Eight slabs, tables and stacks, never eight copies.
    assert.ok(contexts! < 8 * slab! + 8 * MIB && contexts! < resident!, figures);
    assert.ok(runs! < MIB, `arrays of ${runs} bytes are left by 200 runs into the caller's`);
  });
});
