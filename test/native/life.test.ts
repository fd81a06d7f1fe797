/** What a process holds and does while the native engine runs in it: memory, event loop, ends, aborts. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type LoadedModel, load } from '../../runtime/node.ts';
import type { LoadOptions } from '../../runtime/options.ts';
import { type BundleFolder, chain, inputFor, writeBundle } from '../support/chain.ts';
import { skip } from '../support/skip.ts';
import { skipWithoutAddon } from './addon.ts';

const MIB = 2 ** 20;
const child = fileURLToPath(new URL('life.child.ts', import.meta.url));

describe('a process with the native engine', () => {
  const large = chain({ layers: 6, width: 400, rows: 4 });
  const small = chain({ layers: 3, width: 16, rows: 100 });
  let bundles: Record<'large' | 'small', BundleFolder>;
  before(async function () {
    skipWithoutAddon(this);
    bundles = { large: await writeBundle(large), small: await writeBundle(small) };
  });
  after(async () => {
    await bundles?.large.remove();
    await bundles?.small.remove();
  });

  const growth = async (
    what: string,
    bundle: 'large' | 'small',
    threads: number,
    mode: string,
    flags: string[] = [],
  ) => {
    const args = [...flags, '--import=tsx', child, what, bundles[bundle].path, String(threads), mode, '1600'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 150_000 });
    return JSON.parse(stdout) as { rss: number; heap: number };
  };

  for (const [threads, mode] of [
    [1, 'stream'],
    [2, 'resident'],
    [2, 'mmap'],
  ] as const)
    it(`does not grow by 100 cycles of load, run, close: ${mode}, ${threads} thread(s)`, async () => {
      const { rss } = await growth('cycles', 'large', threads, mode, ['--expose-gc']);
      assert.ok(rss < 5 * MIB, `grew by ${(rss / MIB).toFixed(1)} MiB`);
    });

  for (const mode of ['stream', 'mmap'])
    for (const what of ['runs', 'primed'])
      it(`does not grow by 10,000 ${what === 'primed' ? 'primed ' : ''}runs: ${mode}`, async () => {
        const { rss, heap } = await growth(what, 'small', 1, mode, ['--expose-gc']);
        assert.ok(heap < MIB / 4, `the heap grew by ${heap} bytes`);
        assert.ok(rss < 5 * MIB, `grew by ${(rss / MIB).toFixed(1)} MiB`);
      });

  it('does not keep models that were dropped without being closed', async () => {
    const { rss } = await growth('dropped', 'large', 2, 'resident', ['--expose-gc']);
    assert.ok(rss < 20 * MIB, `grew by ${(rss / MIB).toFixed(1)} MiB`);
  });

  it('ends though a model was not closed', async () => {
    await growth('leave', 'small', 2, 'stream');
  });

  it('ends a worker thread in the middle of a run', async () => {
    const script = `(async () => {
      const { parentPort, workerData } = require('node:worker_threads');
      const { tsImport } = await import('tsx/esm/api');
      const { load } = await tsImport(workerData.runtime, workerData.runtime);
      const model = await load(workerData.path, { engine: 'native', threads: 2, plan: 'smallest' });
      const x = new Float32Array(1600);
      const again = () => model.run({ x }).then(again);
      again();
      setTimeout(() => parentPort.postMessage('runs'), 20);
    })()`;
    const workerData = {
      runtime: new URL('../../runtime/node.ts', import.meta.url).href,
      path: bundles.large.path,
    };
    const worker = new Worker(script, { workerData, eval: true });
    const started = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    assert.equal(started, 'runs');
    await worker.terminate();
  });
});

describe('a loaded native model', () => {
  const made = chain({ layers: 40, width: 128, rows: 64 });
  const input = inputFor(made);
  let bundle: BundleFolder;
  let reference: Float32Array;
  const open: LoadedModel[] = [];
  const loaded = async (options: LoadOptions = {}): Promise<LoadedModel> => {
    const model = await load(bundle.path, { engine: 'native', ...options });
    open.push(model);
    return model;
  };
  before(async function () {
    skipWithoutAddon(this);
    bundle = await writeBundle(made);
    reference = (await (await loaded()).run({ x: input }))['y'] as Float32Array;
  });
  afterEach(async () => {
    for (const model of open.splice(0)) await model.close();
  });
  after(() => bundle?.remove());
  const isRight = async (model: LoadedModel) =>
    assert.deepEqual((await model.run({ x: input }))['y'], reference);

  it('leaves the event loop free', async () => {
    const model = await loaded({ mode: 'sequential' });
    let ticks = 0;
    let running = true;
    const tick = (): void => {
      ticks++;
      if (running) setImmediate(tick);
    };
    setImmediate(tick);
    for (let i = 0; i < 10; i++) await model.run({ x: input });
    running = false;
    assert.ok(ticks > 20, `${ticks} turns of the event loop in ten runs`);
  });

  it('runs beside other models, and one inference at a time', async () => {
    const models = await Promise.all([1, 2, 3].map((threads) => loaded({ threads, plan: 'double' })));
    for (let i = 0; i < 5; i++) {
      const results = await Promise.all(models.map((model) => model.run({ x: input })));
      for (const { y } of results) assert.deepEqual(y, reference);
    }
    const first = models[0]!.run({ x: input });
    await assert.rejects(models[0]!.run({ x: input }), { code: 'BUSY' });
    assert.deepEqual((await first)['y'], reference);
  });

  for (const mode of ['sequential', 'stream', 'mmap'] as const)
    it(`stops when it is told to: ${mode}`, async () => {
      const model = await loaded({ mode, threads: 2, plan: 'smallest' });
      for (let i = 0; i < 30; i++) {
        const controller = new AbortController();
        const run = model.run({ x: input }, { signal: controller.signal });
        setTimeout(() => controller.abort(), i % 3);
        await run.then(
          ({ y }) => assert.deepEqual(y, reference),
          (error: { code: string }) => assert.equal(error.code, 'ABORTED'),
        );
        if (i % 5 === 0) await isRight(model);
      }
      await isRight(model);
      const controller = new AbortController();
      const run = model.run({ x: input }, { signal: controller.signal });
      controller.abort();
      await assert.rejects(run, { code: 'ABORTED' });
    });

  it('closes in the middle of a run, which says so', async () => {
    for (let i = 0; i < 10; i++) {
      const model = await loaded({ mode: 'sequential', threads: 2 });
      const run = model.run({ x: input });
      const ended = assert.rejects(run, { code: 'CLOSED' });
      await model.close();
      await ended;
      await assert.rejects(model.run({ x: input }), { code: 'CLOSED' });
    }
  });

  it('holds the planned bytes and starts no isolate', async function () {
    if (process.platform !== 'linux') skip(this, 'for Linux only');
    const threads = (): number =>
      Number(/^Threads:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]);
    const before = threads();
    const model = await loaded({ threads: 3, inFlight: 2, plan: 'smallest' });
    assert.equal(threads() - before, 5);
    await isRight(model);
    await model.close();
    assert.equal(threads(), before);
  });

  it('records what happened', async () => {
    const model = await loaded({ threads: 2, mode: 'sequential', trace: true });
    await isRight(model);
    const events = model.trace();
    const of = (what: string) => events.filter((event) => event.what === what);
    assert.deepEqual(
      of('step').map(({ id }) => id),
      Array.from({ length: 40 }, (_, step) => step),
    );
    assert.deepEqual(
      of('read')
        .map(({ id }) => id)
        .sort((a, b) => a - b),
      of('step').map(({ id }) => id),
    );
    assert.ok(of('wait').length > 0);
    assert.equal(of('read')[0]!.layer, 'layer0');
    for (const { startMs, endMs } of events) assert.ok(startMs <= endMs);
    const waited = of('wait').reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    assert.ok(Math.abs(waited - model.stats.stallMs) < 0.01, `${waited} ms, not ${model.stats.stallMs}`);
    assert.deepEqual((await loaded({})).trace(), []);
    for (let i = 0; i < 130; i++) await model.run({ x: input });
    assert.equal(model.trace().length, 16384);
  });
});
