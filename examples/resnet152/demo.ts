/**
 * The main job, start to finish: compiles ResNet-152 (230 MB of weights), runs it with all weights in memory and then
 * in less and less, and prints what each saved and cost. Every row is measured in a process of its own. Also writes
 * the memory map of the plans, to look at.
 */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compile } from 'millrace';
import model from './model.ts';

const MIB = 2 ** 20;
const root = new URL('../../../', import.meta.url);
const cli = fileURLToPath(new URL('dist/cli.js', root));
const output = new URL('demo-output/', root);
const folder = fileURLToPath(new URL('resnet152', output));

interface Row {
  readonly mode: string;
  readonly plan: { readonly name: string; readonly peakBytes: number };
  readonly latencyMs: { readonly p50: number };
  readonly bytesRead: number;
  readonly rss: { readonly baselineBytes: number; readonly peakBytes: number };
  readonly outputs: readonly { readonly sha256: string }[];
}

/** Runs `millrace bench` for one configuration. */
async function measure(...options: string[]): Promise<Row> {
  const args = [cli, 'bench', folder, '--runs', '3', '--warmup', '1', '--json', ...options];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  return (JSON.parse(stdout) as { rows: [Row] }).rows[0];
}

await mkdir(output, { recursive: true });
console.log(`ResNet-152: ${model.graph.nodes.length} nodes. Compiling…`);
const started = performance.now();
const smallest = (await compile(model)).report.plans[0]!;
const budgets = [smallest.peakBytes + MIB, 16 * MIB, 32 * MIB, 64 * MIB, 128 * MIB, 512 * MIB];
const bundle = await compile(model, { budget: budgets });
await bundle.write(folder);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const { report } = bundle;
const weights = bundle.schedule.segments.reduce((sum, segment) => sum + segment.byteLength, 0);
console.log(
  `${report.layers} layers, ${report.segments} segments, ${(weights / MIB).toFixed(0)} MiB, in ${seconds} s.\n`,
);

const rows: Row[] = [await measure('--modes', 'resident')];
for (const budget of [...budgets.slice(0, -1)].reverse())
  rows.push(await measure('--modes', 'stream', '--budget', String(budget)));

const resident = rows[0]!;
const line = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(10) : cell.padStart(16))).join('');
const table = [
  line(['mode', 'planned memory', 'process peak', 'read per run', 'latency', 'vs resident', 'same bits']),
  ...rows.map((row) =>
    line([
      row.mode,
      `${(row.plan.peakBytes / MIB).toFixed(1)} MiB`,
      `${(row.rss.peakBytes / MIB).toFixed(0)} MiB`,
      `${(row.bytesRead / MIB).toFixed(0)} MiB`,
      `${row.latencyMs.p50.toFixed(0)} ms`,
      `${(row.latencyMs.p50 / resident.latencyMs.p50).toFixed(2)} ×`,
      row.outputs[0]!.sha256 === resident.outputs[0]!.sha256 ? 'yes' : 'NO',
    ]),
  ),
].join('\n');
console.log(table);
await writeFile(new URL('table.txt', output), `${table}\n`);

const page = fileURLToPath(new URL('plan.html', output));
await promisify(execFile)(process.execPath, [cli, 'inspect', folder, '--html', page], { maxBuffer: 2 ** 26 });
console.log(`\nMemory maps of the plans: demo-output/plan.html. The bundle: demo-output/resnet152.`);
if (rows.some((row) => row.outputs[0]!.sha256 !== resident.outputs[0]!.sha256)) process.exitCode = 1;
