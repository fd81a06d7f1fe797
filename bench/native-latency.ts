/** Latencies for native.ts, in a process of their own: prints one line of JSON. Not a command. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type LoadedModel, load } from 'millrace/runtime';
import { ordinaryBandwidth, ReadersAlone } from './bandwidth.ts';

export interface Task {
  readonly bundle: string;
  readonly threads: number;
  readonly rounds: number;
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
    /** The same with reads into ordinary pages. */
    ordinaryBoundMs: number;
    stallMs: number;
  }[];
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
  const ordinaryMedian = median(ordinary);
  const residentMs = median(times[0]!);
  const rows = models.map((model, i) => ({
    plan: model.plan.name,
    planned: model.plan.peakBytes,
    bytesRead: model.stats.bytesRead,
    ms: median(times[i]!),
    boundMs: Math.max(residentMs, (model.stats.bytesRead / bandwidth) * 1000),
    ordinaryBoundMs: Math.max(residentMs, (model.stats.bytesRead / ordinaryMedian) * 1000),
    stallMs: median(stalls[i]!),
  }));
  for (const model of models) await model.close();
  return { bandwidth, ordinaryBandwidth: ordinaryMedian, fileBytes, rows };
}

const task = JSON.parse(process.argv[2] ?? '') as Task;
process.stdout.write(`\n${JSON.stringify(await latency(task))}`);
process.exit(0);
