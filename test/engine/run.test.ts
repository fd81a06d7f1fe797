/** The runtime end to end over a bundle made by hand: every mode, thread count and failure. */
import assert from 'node:assert/strict';
import { load } from '../../runtime/node.ts';
import type { LoadOptions } from '../../runtime/options.ts';
import { type BundleFolder, chain, inputFor, writeBundle } from '../support/chain.ts';

const bits = (array: unknown): string => Buffer.from((array as Float32Array).buffer).toString('hex');

for (const host of [false, true])
  describe(`a chain of layers${host ? ' with a host op' : ''}`, () => {
    const made = chain({ host, width: 256, rows: 8, layers: 7 });
    const input = inputFor(made);
    let bundle: BundleFolder;
    let reference: string;

    before(async () => {
      bundle = await writeBundle(made);
      const model = await load(bundle.path, { engine: 'wasm', mode: 'resident' });
      const { y } = await model.run({ x: input });
      const expected = made.expected(input);
      for (const [i, value] of (y as Float32Array).entries())
        assert.ok(Math.abs(value - expected[i]!) < 1e-4, `element ${i}: ${value}, not ${expected[i]}`);
      reference = bits(y);
      await model.close();
    });
    after(() => bundle.remove());

    const cases: LoadOptions[] = [];
    for (const threads of [1, 2, 4]) {
      for (const mode of ['stream', 'synchronous', 'sequential'] as const)
        for (const plan of ['smallest', 'double', 'triple']) cases.push({ threads, mode, plan });
      cases.push({ threads, mode: 'resident' }, { threads, source: 'file', mode: 'stream', inFlight: 1 });
    }
    for (const options of cases)
      it(`gives the same bits with ${JSON.stringify(options)}`, async () => {
        const model = await load(bundle.path, { engine: 'wasm', ...options });
        try {
          for (let run = 0; run < 3; run++) {
            const { y } = await model.run({ x: input });
            assert.equal(bits(y), reference);
            assert.equal(model.stats.bytesRead, model.mode === 'resident' ? 0 : made.weights.length);
          }
          await model.run({ x: inputFor(made, 1) });
          assert.equal(bits((await model.run({ x: input })).y), reference);
        } finally {
          await model.close();
        }
      });
  });
