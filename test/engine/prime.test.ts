/** Runs that follow each other with the first reads of the next made in the one before, on both engines. */
import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LoadedModel, load } from '../../runtime/node.ts';
import type { LoadOptions } from '../../runtime/options.ts';
import { skipWithoutAddon } from '../native/addon.ts';
import { type BundleFolder, chain, inputFor, writeBundle } from '../support/chain.ts';

const LAYERS = 12;
/** Segments that plan "triple" primes. */
const PRIMED = 3;

for (const engine of ['wasm', 'native'] as const)
  for (const host of [false, true])
    describe(`primed runs of a chain${host ? ' with a host op' : ''}, ${engine}`, () => {
      const made = chain({ host, width: 128, rows: 8, layers: LAYERS });
      const inputs = [0, 1].map((seed) => inputFor(made, seed));
      const pristine = Uint8Array.from(made.weights);
      let bundle: BundleFolder;
      let expected: Float32Array[];
      const open: LoadedModel[] = [];
      const loaded = async (options: LoadOptions = {}): Promise<LoadedModel> => {
        const model = await load(bundle.path, { engine, plan: 'triple', prime: true, ...options });
        open.push(model);
        return model;
      };
      const isRight = async (model: Pick<LoadedModel, 'run'>, which = 0): Promise<void> =>
        assert.deepEqual((await model.run({ x: inputs[which]! }))['y'], expected[which]);
      const weights = (): string => join(bundle.path, 'weights.bin');
      const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
      const reads = (model: LoadedModel): number =>
        model.trace().filter(({ what }) => what === 'read').length;
      /** Until that many reads have been recorded since the model was loaded. */
      const untilRead = async (model: LoadedModel, count: number): Promise<void> => {
        for (let i = 0; i < 5000 && reads(model) < count; i++) await turn();
        assert.equal(reads(model), count);
      };

      before(async function () {
        if (engine === 'native') skipWithoutAddon(this);
        bundle = await writeBundle(made);
        const model = await load(bundle.path, { engine });
        expected = [];
        for (const x of inputs) expected.push((await model.run({ x }))['y'] as Float32Array);
        await model.close();
      });
      afterEach(async () => {
        for (const model of open.splice(0)) await model.close();
        if (bundle) writeFileSync(weights(), pristine);
      });
      after(() => bundle?.remove());

      const cases: LoadOptions[] = [];
      for (const threads of [1, 2, 4])
        for (const plan of ['smallest', 'double', 'triple']) {
          cases.push({ threads, plan, mode: 'stream' });
          if (engine === 'native') cases.push({ threads, plan, mode: 'mmap' });
        }
      for (const source of ['file', 'direct'] as const) cases.push({ source, inFlight: 1, verify: 'first' });
      cases.push(
        { mode: 'auto', plan: 'resident' },
        { mode: 'stream', plan: 'double', deterministic: false },
      );
      if (engine === 'native') cases.push({ allocation: 'malloc', threads: 2 });
      for (const options of cases)
        it(`gives the same bits and reads the same bytes with ${JSON.stringify(options)}`, async () => {
          const model = await loaded(options);
          for (let run = 0; run < 8; run++) {
            await isRight(model, run % 3 === 1 ? 1 : 0);
            const streams = model.mode !== 'resident';
            if (streams || run > 0) assert.equal(model.stats.bytesRead, streams ? made.weights.length : 0);
            if (run % 4 > 1) await turn();
          }
        });

      for (const threads of [1, 2]) {
        it(`reads when it primes, and tells the trace: ${threads} thread(s)`, async () => {
          const model = await loaded({ threads, trace: true });
          await isRight(model);
          await untilRead(model, LAYERS + PRIMED);
          const times = new Array<number>(LAYERS).fill(0);
          for (const { what, id } of model.trace()) if (what === 'read') times[id]!++;
          assert.deepEqual(
            times,
            times.map((_, s) => (s < PRIMED ? 2 : 1)),
          );
          await isRight(model);
          assert.equal(model.stats.bytesRead, made.weights.length);
          await untilRead(model, 2 * LAYERS + PRIMED);
          const alone = await loaded({ threads, trace: true, prime: false });
          await isRight(alone);
          await turn();
          assert.equal(reads(alone), LAYERS);
        });

        it(`fails the next run for damage among what it primed, and starts clean after it: ${threads} thread(s)`, async () => {
          for (const [damage, code] of [
            [
              () =>
                writeFileSync(
                  weights(),
                  pristine.map((byte, i) => (i === 5000 ? byte ^ 8 : byte)),
                ),
              'SEGMENT_CRC',
            ],
            [() => truncateSync(weights(), 4096), 'SEGMENT_READ'],
          ] as const) {
            const model = await loaded({ threads, trace: true, source: 'file' });
            await isRight(model);
            await untilRead(model, LAYERS + PRIMED);
            if (code === 'SEGMENT_CRC') {
              damage();
              // What was primed before is good; what is primed now is not, and the run that does it does not mind.
              await isRight(model);
            } else {
              damage();
              // The primed ones are there, the fourth is not.
              await assert.rejects(model.run({ x: inputs[0]! }), { code });
            }
            await assert.rejects(model.run({ x: inputs[0]! }), { code });
            writeFileSync(weights(), pristine);
            for (let run = 0; run < 3; run++) await isRight(model, run % 2);
          }
        });

        it(`starts clean after a run that was aborted: ${threads} thread(s)`, async () => {
          const model = await loaded({ threads });
          for (let i = 0; i < 20; i++) {
            const controller = new AbortController();
            const run = model.run({ x: inputs[1]! }, { signal: controller.signal });
            if (i % 2 === 0) controller.abort();
            else setImmediate(() => controller.abort());
            await run.then(
              ({ y }) => assert.deepEqual(y, expected[1]),
              (error: { code: string }) => assert.equal(error.code, 'ABORTED'),
            );
            if (i % 3 > 0) await isRight(model);
          }
        });

        it(`can be closed while it primes: ${threads} thread(s)`, async () => {
          for (let i = 0; i < 20; i++) {
            const model = await loaded({ threads, inFlight: 1 + (i % 3) });
            await isRight(model);
            if (i % 2 === 0) await turn();
            await model.close();
            await assert.rejects(model.run({ x: inputs[0]! }), { code: 'CLOSED' });
          }
        });
      }

      it('primes each context for itself', async () => {
        const model = await loaded();
        const contexts = [model, await model.context(), await model.context({ threads: 2 })];
        for (let i = 0; i < 10; i++)
          await Promise.all(contexts.map((context, c) => isRight(context, (i + c) % 2)));
      });
    });
