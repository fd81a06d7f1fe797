/** One measurement of native.ts, in a process of its own: prints one line of JSON. Not a command. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { constants, open } from 'node:fs/promises';

import { dirname, join } from 'node:path';
import { type LoadedModel, load } from 'millrace/runtime';

export interface Task {
  readonly what: 'latency' | 'memory' | 'cold';
  readonly model: string;
  readonly bundle: string;
  readonly threads: number;
  readonly rounds: number;
  readonly plan?: string;
  readonly mode?: string;
  readonly peer?: 'millrace' | 'ort' | 'ort-mmap';
  readonly folder?: string;
}

export interface LatencyRow {
  readonly bandwidth: number;
  readonly fileBytes: number;
  readonly rows: readonly {
    plan: string;
    planned: number;
    bytesRead: number;
    ms: number;
    boundMs: number;
    stallMs: number;
  }[];
}

export interface MemoryRow {
  readonly plan: string;
  readonly mode: string;
  readonly source: string;
  readonly planned: number;
  readonly weights: number;
  readonly baseline: number;
  readonly peak: number;
  readonly anon: number;
  readonly file: number;
  readonly fileBefore: number;
}

export interface ColdRow {
  readonly ms: number;
}

const status = (name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))![1]) *
  1024;

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

/** By a plain loop: garbage of this process would count as the model's memory. */
function wave(length: number): Float32Array {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = Math.sin(i);
  return values;
}

const inputsOf = (model: LoadedModel) =>
  Object.fromEntries(model.inputs.map(({ name, shape }) => [name, wave(shape.reduce((a, b) => a * b, 1))]));

/** Bytes per second of direct reads of the whole file, 4 MiB each, four in flight: what no streaming can beat. */
async function directBandwidth(path: string): Promise<number> {
  const request = 4 << 20;
  const depth = 4;
  const memory = new WebAssembly.Memory({ initial: (depth * request) / 65536 });
  const file = await open(path, constants.O_RDONLY | constants.O_DIRECT);
  const { size } = await file.stat();
  let next = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: depth }, async (_, slot) => {
      const target = new Uint8Array(memory.buffer, slot * request, request);
      while (next < size) {
        const at = next;
        next += request;
        await file.read(target, 0, request, at);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  await file.close();
  return size / seconds;
}

async function latency({ bundle, threads, rounds }: Task): Promise<LatencyRow> {
  const file = join(bundle, 'weights.bin');
  const options = { engine: 'native', threads } as const;
  const resident = await load(bundle, { ...options, mode: 'resident' });
  const inputs = inputsOf(resident);
  const models = [resident];
  for (const plan of ['zero-delay', 'knee', 'smallest'])
    await load(bundle, { ...options, mode: 'stream', source: 'direct', plan }).then(
      (model) => models.push(model),
      () => {},
    );
  const times = models.map((): number[] => []);
  const stalls = models.map((): number[] => []);
  const bandwidths: number[] = [];
  for (const model of models) for (let i = 0; i < 3; i++) await model.run(inputs);
  for (let round = 0; round < rounds; round++) {
    bandwidths.push(await directBandwidth(file));
    const order = models.map((_, i) => (round % 2 === 0 ? i : models.length - 1 - i));
    for (const i of order) {
      await models[i]!.run(inputs);
      times[i]!.push(models[i]!.stats.latencyMs);
      stalls[i]!.push(models[i]!.stats.stallMs);
    }
  }
  const bandwidth = median(bandwidths);
  const residentMs = median(times[0]!);
  const rows = models.map((model, i) => ({
    plan: model.plan.name,
    planned: model.plan.peakBytes,
    bytesRead: model.stats.bytesRead,
    ms: median(times[i]!),
    boundMs: Math.max(residentMs, (model.stats.bytesRead / bandwidth) * 1000),
    stallMs: median(stalls[i]!),
  }));
  const fileBytes = statSync(file).size;
  for (const model of models) await model.close();
  return { bandwidth, fileBytes, rows };
}

/** Residency is sampled while runs go on: what `load` and `run` hold at any time. */
async function memory({ bundle, threads, plan, mode }: Task): Promise<MemoryRow> {
  globalThis.gc?.();
  const baseline = status('VmRSS');
  const fileBefore = status('RssFile');
  const model = await load(bundle, { engine: 'native', threads, plan, mode: mode as 'stream' });
  const inputs = inputsOf(model);
  let file = 0;
  const timer = setInterval(() => {
    file = Math.max(file, status('RssFile'));
  }, 1);
  for (let i = 0; i < 10; i++) await model.run(inputs);
  clearInterval(timer);
  const row = {
    plan: model.plan.name,
    mode: model.mode,
    source: model.source,
    planned: model.plan.peakBytes,
    weights: model.plan.weightBytes,
    baseline,
    peak: status('VmHWM'),
    anon: status('RssAnon'),
    file: Math.max(file, status('RssFile')),
    fileBefore,
  };
  await model.close();
  return row;
}

/** The addon's way to drop a file's cached pages (posix_fadvise). */
function forget(path: string): void {
  const name = `engine-${process.platform}-${process.arch}.node`;
  const module = { exports: {} as { forget(path: string): void } };
  process.dlopen(module, new URL(`../build/engine/${name}`, import.meta.url).pathname);
  module.exports.forget(path);
}

async function cold(task: Task): Promise<ColdRow> {
  const { peer, bundle, threads, folder, model: path } = task;
  if (peer === 'millrace') {
    const probe = await load(bundle, { engine: 'native', mode: 'sequential' });
    const inputs = inputsOf(probe);
    await probe.close();
    forget(join(bundle, 'weights.bin'));
    const started = performance.now();
    const model = await load(bundle, { engine: 'native', threads, mode: 'stream', source: 'direct' });
    await model.run(inputs);
    return { ms: performance.now() - started };
  }
  const ort = await import('onnxruntime-node');
  const common = { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 4 as const };
  let file = path;
  let options: object = common;
  if (peer === 'ort-mmap') {
    file = join(folder!, `${dirname(path).split('/').at(-1)}.ort`);
    if (!existsSync(file)) {
      const saving = {
        ...common,
        optimizedModelFilePath: file,
        extra: { session: { save_model_format: 'ORT' } },
      };
      await (await ort.InferenceSession.create(path, saving)).release();
    }
    const session = {
      use_memory_mapped_ort_model: '1',
      use_ort_model_bytes_directly: '1',
      use_ort_model_bytes_for_initializers: '1',
      disable_prepacking: '1',
    };
    options = { ...common, enableCpuMemArena: false, extra: { session } };
  }
  const shapes = await load(bundle, { engine: 'native', mode: 'sequential' });
  const feeds = Object.fromEntries(
    Object.entries(inputsOf(shapes)).map(([name, data]) => [
      name,
      new ort.Tensor('float32', data, shapes.inputs.find((port) => port.name === name)!.shape as number[]),
    ]),
  );
  await shapes.close();
  forget(file);
  const started = performance.now();
  const session = await ort.InferenceSession.create(file, options);
  await session.run(feeds);
  return { ms: performance.now() - started };
}

const task = JSON.parse(process.argv[2] ?? '') as Task;
const rows = { latency, memory, cold };
process.stdout.write(`\n${JSON.stringify(await rows[task.what](task))}`);
process.exit(0);
