/** What a loaded model promises when it is used wrongly, stopped, or fed a damaged bundle. */
import assert from 'node:assert/strict';
import { readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripEngine } from '../../compiler/bundle/engine/strip.ts';
import { HELD_KERNELS_SECTION } from '../../runtime/engine/held-kernels.ts';
import { type ErrorCode, MillraceError } from '../../runtime/error.ts';
import { type LoadedModel, load } from '../../runtime/node.ts';
import type { LoadOptions } from '../../runtime/options.ts';
import { type BundleFolder, chain, inputFor, writeBundle } from '../support/chain.ts';

const code =
  (expected: ErrorCode, says = /^/) =>
  (error: unknown) => {
    assert.ok(error instanceof MillraceError, String(error));
    assert.equal(error.code, expected);
    assert.match(error.message, says);
    return true;
  };

describe('a loaded model', () => {
  const made = chain({ layers: 40, width: 128, rows: 16 });
  const input = inputFor(made);
  let bundle: BundleFolder;
  let reference: Float32Array;
  const open: LoadedModel[] = [];
  const loaded = async (options: LoadOptions = {}): Promise<LoadedModel> => {
    const model = await load(bundle.path, { engine: 'wasm', ...options });
    open.push(model);
    return model;
  };
  const isRight = async (model: LoadedModel): Promise<void> =>
    assert.deepEqual((await model.run({ x: input }))['y'], reference);

  before(async () => {
    bundle = await writeBundle(made);
    const model = await loaded();
    reference = (await model.run({ x: input }))['y'] as Float32Array;
  });
  afterEach(async () => {
    for (const model of open.splice(0)) await model.close();
  });
  after(() => bundle.remove());

  it('says what it is', async () => {
    const model = await loaded({ mode: 'stream', plan: 'double', deterministic: true, source: 'file' });
    const port = { dtype: 'float32', shape: [16, 128] };
    assert.deepEqual(model.inputs, [{ name: 'x', ...port }]);
    assert.deepEqual(model.outputs, [{ name: 'y', ...port }]);
    assert.deepEqual(model.plan, made.manifest.plans[1]);
    const { mode, engine, isa, threads, source } = model;
    assert.deepEqual(
      { mode, engine, isa, threads, source },
      { mode: 'stream', engine: 'wasm', isa: 'wasm-simd128', threads: 1, source: 'file' },
    );
    assert.equal((await loaded()).isa, 'wasm-relaxed-simd');
    assert.equal((await loaded()).mode, 'resident');
  });

  it('refuses inputs that do not fit, and says what would', async () => {
    const model = await loaded();
    const refuses = (inputs: object, says: RegExp) =>
      assert.rejects(model.run(inputs as Record<string, Float32Array>), code('INPUT', says));
    await refuses(null as unknown as object, /no inputs/);
    await refuses({}, /x: missing input\n {2}expected: Float32Array of 2048 \(float32\[16,128\]\)/);
    await refuses({ x: input, z: input }, /z: no such input\n {2}expected: x/);
    await refuses({ x: new Float32Array(3) }, /got: Float32Array of 3/);
    await refuses({ x: new Float64Array(2048) }, /got: Float64Array of 2048/);
    await refuses({ x: [...input] }, /got: Array of 2048/);
    await refuses({ x: null }, /got: null/);
    await isRight(model);
  });

  it('reads inputs in place and returns arrays of its caller', async () => {
    const model = await loaded();
    const wide = new Float32Array(input.length + 4);
    wide.set(input, 4);
    const y = (await model.run({ x: wide.subarray(4) }))['y'] as Float32Array;
    assert.deepEqual(y, reference);
    y.fill(0);
    await isRight(model);
  });

  for (const threads of [1, 2])
    describe(`on ${threads} thread${threads > 1 ? 's' : ''}`, () => {
      it('runs one inference at a time', async () => {
        const model = await loaded({ threads, plan: 'smallest' });
        const first = model.run({ x: input });
        await assert.rejects(model.run({ x: input }), code('BUSY'));
        assert.deepEqual((await first)['y'], reference);
        await isRight(model);
      });

      it('stops at a step when aborted, and can run again', async () => {
        const model = await loaded({ threads, plan: 'double' });
        await assert.rejects(model.run({ x: input }, { signal: AbortSignal.abort() }), code('ABORTED'));
        for (let turns = 0; turns < 4; turns++) {
          const abort = new AbortController();
          const run = model.run({ x: input }, { signal: abort.signal });
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
          abort.abort();
          await assert.rejects(run, code('ABORTED'));
        }
        await isRight(model);
      });

      it('rejects a run that close interrupts, and runs after it', async () => {
        const model = await loaded({ threads, plan: 'smallest' });
        const run = assert.rejects(model.run({ x: input }), code('CLOSED'));
        await model.close();
        await run;
        await assert.rejects(model.run({ x: input }), code('CLOSED'));
        await model.close();
      });

      it('records what happened, on one clock', async () => {
        const model = await loaded({ threads, mode: 'sequential', trace: true });
        for (let run = 0; run < 2; run++) await isRight(model);
        const events = model.trace();
        const of = (what: string) => events.filter((event) => event.what === what);
        assert.equal(of('run').length, 2);
        assert.equal(of('read').length, 80);
        assert.ok(of('wait').length > 0);
        const second = of('run')[1]!;
        const within = events.filter(({ startMs }) => startMs >= second.startMs);
        assert.deepEqual(
          within.filter(({ what }) => what === 'step').map(({ id }) => id),
          Array.from({ length: 40 }, (_, step) => step),
        );
        for (const { what, startMs, endMs } of within)
          assert.ok(startMs <= endMs && endMs <= second.endMs, `${what}: ${startMs} to ${endMs}`);
        assert.equal(events.at(-1), second);
        assert.deepEqual((await loaded({ threads })).trace(), []);
      });

      it('can be closed before its first run', async () => {
        const model = await loaded({ threads });
        await model.close();
      });

      it('notices a flipped bit, each time', async () => {
        const file = join(bundle.path, 'weights.bin');
        const bytes = readFileSync(file);
        const at = made.manifest.segments[17]!.offset + 1000;
        const model = await loaded({ threads, mode: 'stream', plan: 'double' });
        const first = await loaded({ threads, mode: 'stream', verify: 'first' });
        await isRight(model);
        await isRight(first);
        bytes[at]! ^= 8;
        writeFileSync(file, bytes);
        try {
          await assert.rejects(model.run({ x: input }), code('SEGMENT_CRC', /segment 17/));
          await assert.rejects(
            load(bundle.path, { engine: 'wasm', threads }),
            code('SEGMENT_CRC', /segment 17/),
          );
          await first.run({ x: input });
        } finally {
          bytes[at]! ^= 8;
          writeFileSync(file, bytes);
        }
        await isRight(model);
      });

      it('notices a file that is cut short while it runs, and survives', async () => {
        const file = join(bundle.path, 'weights.bin');
        const model = await loaded({ threads, mode: 'stream', plan: 'triple' });
        const bytes = readFileSync(file);
        truncateSync(file, made.manifest.segments[30]!.offset + 100);
        await assert.rejects(model.run({ x: input }), code('SEGMENT_READ', /the file ends early/));
        writeFileSync(file, bytes);
        await isRight(model);
      });
    });

  it('rejects, and does not hang, when a thread dies', async () => {
    const copy = await writeBundle(made);
    // An engine whose kernels are traps, and which does not say that it holds none.
    for (const name of ['engine.wasm', 'engine-relaxed.wasm']) {
      const file = join(copy.path, name);
      const bytes = stripEngine(readFileSync(file), new Set());
      bytes.set(Buffer.from('something.other!'), Buffer.from(bytes).lastIndexOf(HELD_KERNELS_SECTION));
      writeFileSync(file, bytes);
    }
    for (const threads of [1, 2]) {
      const model = await load(copy.path, { engine: 'wasm', threads, mode: 'stream' });
      await assert.rejects(model.run({ x: input }), code('ENGINE', /unreachable/));
      await assert.rejects(model.run({ x: input }), code('ENGINE'));
      await model.close();
    }
    await copy.remove();
  });

  describe('is not loaded', () => {
    let copy: BundleFolder;
    const file = (name: string): string => join(copy.path, name);
    const refuses = (expected: ErrorCode, says: RegExp, options: LoadOptions = {}) =>
      assert.rejects(load(copy.path, { engine: 'wasm', ...options }), code(expected, says));
    beforeEach(async () => {
      copy = await writeBundle(made);
    });
    afterEach(() => copy.remove());

    it('from a truncated weights file', async () => {
      truncateSync(file('weights.bin'), made.weights.length - 4096);
      await refuses('BUNDLE_INVALID', /weights\.bin: the file has another size/);
    });

    it('from a folder that lacks a file', async () => {
      for (const name of ['executor.js', 'engine.wasm', 'weights.bin', 'manifest.bin']) {
        renameSync(file(name), file('away'));
        await refuses('BUNDLE_READ', new RegExp(name.replace('.', '\\.')), { deterministic: true });
        renameSync(file('away'), file(name));
      }
    });

    it('with the executor of another compilation', async () => {
      await (await load(copy.path)).close(); // nor does one that was loaded before stay in the way
      const text = readFileSync(file('executor.js'), 'utf8');
      const edits: readonly [RegExp, string, RegExp][] = [
        [/program\.mark\(3\);/, '', /words of the program/],
        [/program\.mark\(3\);/, 'program.mark(4);', /next step/],
        [/program\.wait\(3\);/, 'program.wait(99);', /segment/],
        [/x: 4,/, 'x: 4000,', /operand of f32-gemm/],
        [/\[\]/, "[{ name: 'negate' }]", /host ops/],
      ];
      for (const [from, to, says] of edits) {
        writeFileSync(file('executor.js'), text.replace(from, to));
        await refuses('BUNDLE_INVALID', says);
      }
    });

    it('with an engine that is none', async () => {
      writeFileSync(file('engine.wasm'), 'not an engine at all');
      await refuses('BUNDLE_INVALID', /engine\.wasm/, { deterministic: true });
      writeFileSync(file('engine.wasm'), Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
      await refuses('BUNDLE_INVALID', /imports no memory/, { deterministic: true });
    });

    it('into a budget that is too small', () => refuses('BUDGET', /at least/, { budget: '64KiB' }));
  });
});
