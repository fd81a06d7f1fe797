/**
 * Predicted against measured time of a run, per budget: stream mode, source direct.
 *
 *   npm run bench -- predict <model>... [--engine native|wasm] [--threads N] [--points N] [--rounds N] [--runs N] [--json]
 *
 * Every round calibrates the device, plans for what it found, and measures those plans at once, in both orders: a
 * machine that others slow down is slow for prediction and measurement alike. An error is that of the median round.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type LoadOptions, load } from 'millrace/runtime';
import { withInterrupt } from '../cli/interrupt.ts';

const { positionals, values } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    engine: { type: 'string', default: 'auto' },
    threads: { type: 'string', default: '1' },
    points: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    runs: { type: 'string', default: '9' },
    directory: { type: 'string', default: '.' },
    json: { type: 'boolean', default: false },
  },
});
if (positionals.length === 0) throw new Error('which models? npm run bench -- predict model.onnx');
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const say = (text: string): void => void process.stderr.write(`${text}\n`);

interface Plan {
  readonly peakBytes: number;
  readonly residentBytes: number;
  readonly depth: number;
  readonly predictedMs: number;
}
interface Point extends Plan {
  readonly budgetBytes: number;
  readonly bytesRead: number;
}
interface Row {
  readonly budgetBytes: number;
  readonly predictedMs: number;
  readonly measuredMs: number;
  readonly stallMs: number;
  readonly source: string;
}

/** An interrupt ends the command too; it has put its own things in order when this rejects. */
const millrace = <T>(signal: AbortSignal, ...args: string[]): Promise<T> =>
  new Promise((done, fail) => {
    signal.throwIfAborted();
    const options = { maxBuffer: 2 ** 28 };
    const child = execFile(process.execPath, [cli, ...args, '--json'], options, (error, stdout) => {
      signal.removeEventListener('abort', stop);
      if (error) fail(error);
      else done(JSON.parse(stdout) as T);
    });
    const stop = (): void => void child.kill();
    signal.addEventListener('abort', stop);
  });

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Compiled networks lie where weights are read from: on a disk, not in memory. */
const folder = await mkdtemp(join(resolve(values.directory), '.millrace-predict-'));
await withInterrupt(async (signal) => {
  const report = [];
  try {
    for (const path of positionals) report.push(await predict(resolve(path), signal));
    if (values.json) console.log(JSON.stringify(report, null, 2));
  } catch (error) {
    if (!signal.aborted) throw error;
    say('interrupted');
    process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

async function predict(model: string, signal: AbortSignal) {
  const name = `${basename(dirname(model))}/${basename(model, extname(model))}`;
  const bundle = join(folder, 'bundle');
  const profile = join(folder, 'profile.json');
  say(`\n${name}`);
  await millrace(signal, 'compile', model, '-o', bundle);
  const engine = ['--engine', values.engine, '--threads', values.threads];
  const calibrate = () =>
    millrace(signal, 'calibrate', bundle, '-o', profile, '--source', 'direct', ...engine);
  await calibrate();
  const budgets = await budgetsOf(bundle, profile, signal);
  const rounds: Row[][] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    if (round > 0) await calibrate();
    const planned = join(folder, 'planned');
    const asked = budgets.flatMap((bytes) => ['--budget', `${bytes}`]);
    const compiled = await millrace<{ plans: Plan[] }>(
      signal,
      'compile',
      model,
      '-o',
      planned,
      '--profile',
      profile,
      ...asked,
    );
    const order = [...compiled.plans.keys()];
    if (round % 2 === 1) order.reverse();
    const rows: Row[] = [];
    for (const n of order) {
      signal.throwIfAborted();
      const plan = compiled.plans[n]!;
      const budgetBytes = plan.peakBytes;
      rows[n] = { budgetBytes, predictedMs: plan.predictedMs, ...(await measure(planned, budgetBytes)) };
    }
    rounds.push(rows);
  }
  const rows = budgets.map((budgetBytes, n) => {
    const one = rounds.map((all) => all[n]!);
    const of = (field: 'predictedMs' | 'measuredMs' | 'stallMs'): number =>
      median(one.map((row) => row[field]));
    const error = median(one.map(({ predictedMs, measuredMs }) => predictedMs / measuredMs - 1));
    return {
      budgetBytes,
      predictedMs: of('predictedMs'),
      measuredMs: of('measuredMs'),
      stallMs: of('stallMs'),
      error,
    };
  });
  for (const { budgetBytes, predictedMs, measuredMs, stallMs, error } of rows)
    say(
      `  ${(budgetBytes / 2 ** 20).toFixed(2).padStart(9)} MiB  predicted ${predictedMs.toFixed(1).padStart(8)} ms  measured ${measuredMs.toFixed(1).padStart(8)} ms (waited ${stallMs.toFixed(1)})  ${error < 0 ? '' : '+'}${(100 * error).toFixed(1)} %`,
    );
  const medianError = median(rows.map(({ error }) => Math.abs(error)));
  say(`  median error ${(100 * medianError).toFixed(1)} %`);
  return { model: name, engine: values.engine, threads: Number(values.threads), rows, medianError };
}

/** Some of the points between the smallest budget and all weights resident, evenly. */
async function budgetsOf(bundle: string, profile: string, signal: AbortSignal): Promise<number[]> {
  const asked = ['plan', bundle, '--sweep', '--profile', profile];
  const { points } = await millrace<{ points: Point[] }>(signal, ...asked);
  const streamed = points.filter(({ bytesRead }) => bytesRead > 0);
  const count = Math.min(Number(values.points), streamed.length);
  const at = (n: number): number => Math.round((n * (streamed.length - 1)) / Math.max(1, count - 1));
  const chosen = Array.from({ length: count }, (_, n) => streamed[at(n)]!.budgetBytes);
  return [...new Set(chosen)];
}

async function measure(bundle: string, budget: number): Promise<Omit<Row, 'budgetBytes' | 'predictedMs'>> {
  const options = {
    budget,
    mode: 'stream',
    source: 'direct',
    engine: values.engine,
    threads: Number(values.threads),
  } as LoadOptions;
  const model = await load(bundle, options);
  try {
    const inputs = Object.fromEntries(
      model.inputs.map(({ name, dtype, shape }) => {
        if (dtype !== 'float32')
          throw new Error(`${name}: only float32 inputs are made up here, not ${dtype}`);
        const size = shape.reduce((product, extent) => product * extent, 1);
        return [name, Float32Array.from({ length: size }, (_, i) => Math.sin(i))];
      }),
    );
    for (let run = 0; run < 2; run++) await model.run(inputs);
    const latencies: number[] = [];
    const stalls: number[] = [];
    for (let run = 0; run < Number(values.runs); run++) {
      await model.run(inputs);
      latencies.push(model.stats.latencyMs);
      stalls.push(model.stats.stallMs);
    }
    return { measuredMs: median(latencies), stallMs: median(stalls), source: model.source };
  } finally {
    await model.close();
  }
}
