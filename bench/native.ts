/**
 * The native engine against its bound and its peer: latency of streaming over max(resident latency, bytes ÷ what the disk
 * gives the engine's readers alone), memory of the process, first output with a dropped page cache.
 *
 *   npm run bench -- native <model.onnx>... [--threads N] [--rounds N] [--peer] [--json]
 *
 * Every row is a process of its own (native-latency.ts, native-memory.js, native-first.js). --peer adds onnxruntime-node, by default and memory-mapped.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { compile, importOnnx } from 'millrace';
import type { LatencyRow, Task } from './native-latency.ts';

interface MemoryRow {
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

const { positionals, values } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '15' },
    peer: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
if (positionals.length === 0) throw new Error('which models? npm run bench -- native model.onnx');
const threads = Number(values.threads);
const rounds = Number(values.rounds);
const latencyScript = fileURLToPath(new URL('native-latency.ts', import.meta.url));

const firstScript = fileURLToPath(new URL('native-first.js', import.meta.url));
const memoryScript = fileURLToPath(new URL('native-memory.js', import.meta.url));
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const run = promisify(execFile);

async function latencies(task: Task): Promise<LatencyRow> {
  const args = ['--import=tsx', latencyScript, JSON.stringify(task)];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n{') + 1)) as LatencyRow;
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const report = [];
const folder = await mkdtemp(join(tmpdir(), 'millrace-native-'));
for (const path of positionals) {
  const model = resolve(path);
  const name = basename(dirname(model));
  const bundle = join(folder, name);
  const imported = await importOnnx(model);
  const compiled = await compile(imported);
  await compiled.write(bundle);
  const task = { model, bundle, threads, rounds };
  say(`\n${name}, ${threads} thread(s), ${rounds} rounds`);

  // Once with the plans of the reference device, once with those for this one as it was just measured.
  const profile = join(folder, 'profile.json');
  const engine = ['--engine', 'native', '--threads', `${threads}`, '--source', 'direct'];
  await run(process.execPath, [cli, 'calibrate', bundle, '-o', profile, ...engine]);
  const calibrated = `${bundle}-calibrated`;
  await run(process.execPath, [cli, 'compile', model, '-o', calibrated, '--profile', profile]);
  const latency: Record<string, LatencyRow> = {};
  for (const [plans, folder] of Object.entries({ reference: bundle, calibrated })) {
    const row = await latencies({ ...task, bundle: folder });
    latency[plans] = row;
    say(
      `  direct reads of ${mib(row.fileBytes)} MiB: ${(row.bandwidth / 1e9).toFixed(2)} GB/s, ${(row.ordinaryBandwidth / 1e9).toFixed(2)} into ordinary pages; plans for the ${plans} device`,
    );
    for (const { plan, planned, bytesRead, ms, boundMs, ordinaryBoundMs, stallMs } of row.rows)
      say(
        `  ${plan.padEnd(12)} planned ${mib(planned).padStart(7)} MiB, read ${mib(bytesRead).padStart(7)} MiB: ${ms.toFixed(1).padStart(7)} ms, ${(ms / boundMs).toFixed(3)} × the bound of ${boundMs.toFixed(1)} ms (${(ms / ordinaryBoundMs).toFixed(3)} × that of ordinary pages), waited ${stallMs.toFixed(1)} ms`,
      );
  }

  const memory: MemoryRow[] = [];
  for (const { plan } of latency['reference']!.rows)
    for (const mode of plan === 'resident' ? ['resident'] : ['stream', 'mmap']) {
      const { stdout } = await run(process.execPath, [
        '--expose-gc',
        memoryScript,
        JSON.stringify({ ...task, plan, mode }),
      ]);
      memory.push(JSON.parse(stdout) as MemoryRow);
    }
  for (const { plan, mode, source, planned, weights, baseline, peak, anon, file, fileBefore } of memory)
    say(
      `  ${mode.padEnd(9)} ${plan.padEnd(12)} ${source.padEnd(6)} peak RSS ${mib(peak).padStart(6)} MiB, ${mib(peak - baseline - planned).padStart(6)} over baseline + planned; anon ${mib(anon)}, file ${mib(file)} (${mib(file - fileBefore - (mode === 'mmap' ? weights : 0))} over what was there${mode === 'mmap' ? ' + weight window' : ''})`,
    );

  // With the plans for this machine: what reads ahead depends on how fast it is.
  const own = ['smallest', 'zero-delay'].filter((plan) =>
    latency['calibrated']!.rows.some((row) => row.plan === plan),
  );
  const kinds = [...own, ...(values.peer ? (['ort', 'ort-mmap'] as const) : [])];
  const inputs = Object.fromEntries(compiled.schedule.inputs.map(({ name, type }) => [name, type.shape]));
  const first = new Map<string, number[]>(kinds.map((kind) => [kind, []]));
  for (let round = 0; round < 7; round++)
    for (const kind of round % 2 === 0 ? kinds : [...kinds].reverse()) {
      const peer = kind.startsWith('ort') ? { peer: kind } : { peer: 'millrace', plan: kind };
      const { stdout } = await run(process.execPath, [
        firstScript,
        JSON.stringify({ ...task, bundle: calibrated, ...peer, folder, inputs }),
      ]);
      first.get(kind)!.push((JSON.parse(stdout) as { ms: number }).ms);
    }
  const firstMs = (kind: string): number => median(first.get(kind)!);
  for (const kind of kinds)
    say(
      `  first output, cache dropped: ${kind.padEnd(10)} ${firstMs(kind).toFixed(0).padStart(6)} ms; ${own.map((plan) => `${(firstMs(kind) / firstMs(plan)).toFixed(2)} × ${plan}`).join(', ')}`,
    );
  report.push({ model: name, threads, latency, memory, first: Object.fromEntries(first) });
  for (const one of [bundle, calibrated]) await rm(one, { recursive: true, force: true });
}
await rm(folder, { recursive: true, force: true });
if (values.json) console.log(JSON.stringify(report, null, 2));
