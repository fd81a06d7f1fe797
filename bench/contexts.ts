/**
 * Contexts: throughput and tail of 1, 2, 4, 8 concurrent inferences of one loaded model, from the planned slab and with
 * every tensor taken from malloc (the same kernels, `allocation: 'malloc'`), in alternation.
 *
 *   npm run bench -- contexts <model.onnx>... [--counts 1,2,4,8] [--runs N] [--rounds N] [--json]
 *
 * Each count is a process of its own; --runs is per context and round. Anonymous memory is what the contexts add to
 * the loaded model, before the allocating executor is loaded.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { compile, importOnnx } from 'millrace';
import { type LoadedModel, load, type Tensors } from 'millrace/runtime';

interface Task {
  readonly bundle: string;
  readonly count: number;
  readonly runs: number;
  readonly rounds: number;
}

interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Per run: tensors taken from malloc, their bytes, and bytes of JavaScript's array buffers left behind. */
  readonly allocations: number;
  readonly allocatedBytes: number;
  readonly bufferBytes: number;
}

interface Row {
  readonly residentBytes: number;
  readonly slabBytes: number;
  readonly addedBytes: number;
  readonly planned: Figures;
  readonly malloc: Figures;
}

const anonymous = (): number => {
  globalThis.gc?.();
  const found = /^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return 1024 * Number(found?.[1] ?? Number.NaN);
};

async function side(bundle: string, count: number, allocation: 'planned' | 'malloc') {
  const model = await load(bundle, { engine: 'native', allocation });
  const inputs = inputsOf(model);
  const outputs = await model.run(inputs);
  const before = anonymous();
  const contexts = await Promise.all(Array.from({ length: count }, () => model.context()));
  const rooms = contexts.map(() =>
    Object.fromEntries(Object.entries(outputs).map(([name, array]) => [name, array.slice()])),
  );
  const runs = contexts.map((context, i) => () => context.run(inputs, { outputs: rooms[i]! }));
  for (let i = 0; i < 2; i++) await Promise.all(runs.map((run) => run()));
  const addedBytes = anonymous() - before;
  const made = { times: [] as number[], seconds: 0, bufferBytes: 0 };
  const round = async (times: number): Promise<void> => {
    const buffers = process.memoryUsage().arrayBuffers;
    const started = performance.now();
    await Promise.all(
      runs.map(async (run) => {
        for (let i = 0; i < times; i++) {
          const from = performance.now();
          await run();
          made.times.push(performance.now() - from);
        }
      }),
    );
    made.seconds += (performance.now() - started) / 1000;
    made.bufferBytes += process.memoryUsage().arrayBuffers - buffers;
  };
  const figures = (): Figures => {
    const sorted = made.times.sort((a, b) => a - b);
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
    const { allocations, allocatedBytes } = contexts[0]!.stats;
    return {
      perSecond: sorted.length / made.seconds,
      p50: at(0.5),
      p99: at(0.99),
      allocations,
      allocatedBytes,
      bufferBytes: Math.max(0, made.bufferBytes / sorted.length),
    };
  };
  return { model, addedBytes, round, figures };
}

const inputsOf = (model: LoadedModel): Tensors =>
  Object.fromEntries(
    model.inputs.map(({ name, shape }) => [
      name,
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i)),
    ]),
  );

async function measure({ bundle, count, runs, rounds }: Task): Promise<Row> {
  const planned = await side(bundle, count, 'planned');
  const malloc = await side(bundle, count, 'malloc');
  for (let round = 0; round < rounds; round++)
    for (const one of round % 2 === 0 ? [planned, malloc] : [malloc, planned]) await one.round(runs);
  const { arenaBytes, residentBytes } = planned.model.plan;
  const row = {
    residentBytes,
    slabBytes: arenaBytes - residentBytes,
    addedBytes: planned.addedBytes,
    planned: planned.figures(),
    malloc: malloc.figures(),
  };
  await planned.model.close();
  await malloc.model.close();
  return row;
}

const script = fileURLToPath(import.meta.url);
if (process.argv[2] === '--task') {
  process.stdout.write(`\n${JSON.stringify(await measure(JSON.parse(process.argv[3]!) as Task))}`);
  process.exit(0);
}

const { positionals, values } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    counts: { type: 'string', default: '1,2,4,8' },
    runs: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
});
if (positionals.length === 0) throw new Error('which models? npm run bench -- contexts model.onnx');
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
const report = [];
const folder = await mkdtemp(join(tmpdir(), 'millrace-contexts-'));
for (const path of positionals) {
  const model = resolve(path);
  const name = `${basename(dirname(model))}/${basename(model, '.onnx')}`;
  const bundle = join(folder, `${report.length}`);
  await (await compile(await importOnnx(model))).write(bundle);
  process.stderr.write(`\n${name}\n`);
  for (const count of values.counts.split(',').map(Number)) {
    const task = { bundle, count, runs: Number(values.runs), rounds: Number(values.rounds) };
    const args = ['--import=tsx', '--expose-gc', script, '--task', JSON.stringify(task)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
    const row = JSON.parse(stdout.slice(stdout.lastIndexOf('\n{') + 1)) as Row;
    report.push({ model: name, count, ...row });
    process.stderr.write(
      `  ${count} context(s) add ${mib(row.addedBytes)} MiB anonymous (residents ${mib(row.residentBytes)} MiB, a slab ${mib(row.slabBytes)} MiB)\n`,
    );
    for (const kind of ['planned', 'malloc'] as const) {
      const { perSecond, p50, p99, allocations, allocatedBytes, bufferBytes } = row[kind];
      process.stderr.write(
        `    ${kind.padEnd(8)} ${perSecond.toFixed(2).padStart(9)} runs/s, p50 ${p50.toFixed(2).padStart(8)} ms, p99 ${p99.toFixed(2).padStart(8)} ms (${(p99 / p50).toFixed(2)} × p50), per run ${allocations} tensors (${mib(allocatedBytes)} MiB) from malloc, ${bufferBytes.toFixed(0)} bytes of buffers\n`,
      );
    }
  }
}
await rm(folder, { recursive: true });
if (values.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
