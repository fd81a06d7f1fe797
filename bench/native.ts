/**
 * The native engine against its bound and its peer: latency of streaming over max(resident latency, bytes ÷ measured
 * direct bandwidth), memory of the process, first output with a dropped page cache.
 *
 *   npm run bench -- native <model.onnx>... [--threads N] [--rounds N] [--peer] [--json]
 *
 * Every row is a process of its own (native-row.ts). --peer adds onnxruntime-node, by default and memory-mapped.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { compile, importOnnx } from 'millrace';
import type { ColdRow, LatencyRow, MemoryRow, Task } from './native-row.ts';

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
const row = fileURLToPath(new URL('native-row.ts', import.meta.url));

async function measure<T>(task: Task): Promise<T> {
  const args = ['--import=tsx', '--expose-gc', row, JSON.stringify(task)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n{') + 1)) as T;
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
  const compiled = await compile(await importOnnx(model));
  await compiled.write(bundle);
  const task = { model, bundle, threads, rounds };
  say(`\n${name}, ${threads} thread(s), ${rounds} rounds`);

  const latency = await measure<LatencyRow>({ ...task, what: 'latency' });
  say(`  direct bandwidth ${(latency.bandwidth / 1e9).toFixed(2)} GB/s (${mib(latency.fileBytes)} MiB)`);
  for (const { plan, planned, bytesRead, ms, boundMs, stallMs } of latency.rows)
    say(
      `  ${plan.padEnd(12)} planned ${mib(planned).padStart(7)} MiB, read ${mib(bytesRead).padStart(7)} MiB: ${ms.toFixed(1).padStart(7)} ms, ${(ms / boundMs).toFixed(3)} × the bound of ${boundMs.toFixed(1)} ms, waited ${stallMs.toFixed(1)} ms`,
    );

  const memory: MemoryRow[] = [];
  for (const { plan } of latency.rows)
    for (const mode of plan === 'resident' ? ['resident'] : ['stream', 'mmap'])
      memory.push(await measure<MemoryRow>({ ...task, what: 'memory', plan, mode }));
  for (const { plan, mode, source, planned, weights, baseline, peak, anon, file, fileBefore } of memory)
    say(
      `  ${mode.padEnd(9)} ${plan.padEnd(12)} ${source.padEnd(6)} peak RSS ${mib(peak).padStart(6)} MiB, ${mib(peak - baseline - planned).padStart(6)} over baseline + planned; anon ${mib(anon)}, file ${mib(file)} (${mib(file - fileBefore - (mode === 'mmap' ? weights : 0))} over what was there${mode === 'mmap' ? ' + weight window' : ''})`,
    );

  const kinds = values.peer ? (['millrace', 'ort', 'ort-mmap'] as const) : (['millrace'] as const);
  const cold = new Map<string, number[]>(kinds.map((kind) => [kind, []]));
  for (let round = 0; round < 5; round++)
    for (const peer of round % 2 === 0 ? kinds : [...kinds].reverse())
      cold.get(peer)!.push((await measure<ColdRow>({ ...task, what: 'cold', peer, folder })).ms);
  const own = median(cold.get('millrace')!);
  for (const [peer, times] of cold)
    say(
      `  first output, cache dropped: ${peer.padEnd(9)} ${median(times).toFixed(0).padStart(6)} ms, ${(median(times) / own).toFixed(2)} ×`,
    );
  report.push({ model: name, threads, latency, memory, cold: Object.fromEntries(cold) });
  await rm(bundle, { recursive: true, force: true });
}
await rm(folder, { recursive: true, force: true });
if (values.json) console.log(JSON.stringify(report, null, 2));
