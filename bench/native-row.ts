/** One measurement of native.ts, in a process of its own: prints one line of JSON. Not a command. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type LoadedModel, load } from 'millrace/runtime';
import { ordinaryBandwidth, ReadersAlone } from './bandwidth.ts';

export interface Task {
  readonly what: 'latency' | 'cold';
  readonly model: string;
  readonly bundle: string;
  readonly threads: number;
  readonly rounds: number;
  /** Of a first run, where loading for their names would be a load already. */
  readonly inputs?: Readonly<Record<string, readonly number[]>>;
  readonly peer?: 'millrace' | 'ort' | 'ort-mmap';
  readonly folder?: string;
}

export interface LatencyRow {
  /** Bytes per second into the large pages that the engine reads into, and into ordinary ones. */
  readonly bandwidth: number;
  readonly ordinaryBandwidth: number;
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

export interface ColdRow {
  readonly ms: number;
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

const wave = (shape: readonly number[]): Float32Array =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i));

const inputsOf = (model: LoadedModel) =>
  Object.fromEntries(model.inputs.map(({ name, shape }) => [name, wave(shape)]));

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
  const fileBytes = statSync(file).size;
  const disk = new ReadersAlone(file, fileBytes, 4);
  const ordinary: number[] = [];
  const large: number[] = [];
  for (const model of models) for (let i = 0; i < 3; i++) await model.run(inputs);
  for (let round = 0; round < rounds; round++) {
    ordinary.push(await ordinaryBandwidth(file));
    large.push(await disk.measure());
    const order = models.map((_, i) => (round % 2 === 0 ? i : models.length - 1 - i));
    for (const i of order) {
      // The first after another model's finds the caches cold.
      await models[i]!.run(inputs);
      for (let run = 0; run < 2; run++) {
        await models[i]!.run(inputs);
        times[i]!.push(models[i]!.stats.latencyMs);
        stalls[i]!.push(models[i]!.stats.stallMs);
      }
    }
  }
  disk.close();
  const bandwidth = median(large);
  const residentMs = median(times[0]!);
  const rows = models.map((model, i) => ({
    plan: model.plan.name,
    planned: model.plan.peakBytes,
    bytesRead: model.stats.bytesRead,
    ms: median(times[i]!),
    boundMs: Math.max(residentMs, (model.stats.bytesRead / bandwidth) * 1000),
    stallMs: median(stalls[i]!),
  }));
  for (const model of models) await model.close();
  return { bandwidth, ordinaryBandwidth: median(ordinary), fileBytes, rows };
}

/** The addon's way to drop a file's cached pages (posix_fadvise). */
function forget(path: string): void {
  const name = `engine-${process.platform}-${process.arch}.node`;
  const module = { exports: {} as { forget(path: string): void } };
  process.dlopen(module, new URL(`../build/engine/${name}`, import.meta.url).pathname);
  module.exports.forget(path);
}

async function cold(task: Task): Promise<ColdRow> {
  const { peer, bundle, threads, folder, model: path, inputs } = task;
  if (peer === 'millrace') {
    const feeds = Object.fromEntries(Object.entries(inputs!).map(([name, shape]) => [name, wave(shape)]));
    forget(join(bundle, 'weights.bin'));
    const started = performance.now();
    const model = await load(bundle, { engine: 'native', threads, mode: 'stream', source: 'direct' });
    await model.run(feeds);
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
  const feeds = Object.fromEntries(
    Object.entries(inputs!).map(([name, shape]) => [
      name,
      new ort.Tensor('float32', wave(shape), [...shape]),
    ]),
  );
  forget(file);
  const started = performance.now();
  const session = await ort.InferenceSession.create(file, options);
  await session.run(feeds);
  return { ms: performance.now() - started };
}

const task = JSON.parse(process.argv[2] ?? '') as Task;
const rows = { latency, cold };
process.stdout.write(`\n${JSON.stringify(await rows[task.what](task))}`);
process.exit(0);
