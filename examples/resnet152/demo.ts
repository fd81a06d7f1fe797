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
  readonly isa: string;
  readonly source: string;
  readonly mode: string;
  readonly plan: { readonly name: string; readonly peakBytes: number };
  readonly latencyMs: { readonly p50: number };
  readonly bytesRead: number;
  readonly rss: { readonly baselineBytes: number; readonly peakBytes: number };
  readonly outputs: readonly { readonly sha256: string }[];
}

/** `npm run demo -- native` measures the native engine; without it the engine that runs everywhere. */
const engine = process.argv.includes('native') ? 'native' : 'wasm';

/** Runs `millrace bench` for one configuration. */
async function measure(...options: string[]): Promise<Row> {
  const args = [
    cli,
    'bench',
    folder,
    '--engine',
    engine,
    '--runs',
    '3',
    '--warmup',
    '1',
    '--json',
    ...options,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  return (JSON.parse(stdout) as { rows: [Row] }).rows[0];
}

/** Each configuration is measured in two rounds, the second in reverse order, and the better one counts. */
async function measureAll(configurations: readonly (readonly string[])[]): Promise<Row[]> {
  const best: (Row | undefined)[] = configurations.map(() => undefined);
  for (const order of [configurations.keys(), [...configurations.keys()].reverse()])
    for (const i of order) {
      const row = await measure(...configurations[i]!);
      const known = best[i];
      if (known === undefined || row.latencyMs.p50 < known.latencyMs.p50) best[i] = row;
    }
  return best.filter((row) => row !== undefined);
}

await mkdir(output, { recursive: true });
console.log(`ResNet-152: ${model.graph.nodes.length} nodes. Compiling…`);
const started = performance.now();
const first = (await compile(model)).report;
const smallest = first.plans[0]!.peakBytes;
const budgets = [512 * MIB, 128 * MIB, 64 * MIB, 32 * MIB, 16 * MIB, smallest];
const bundle = await compile(model, { budget: budgets });
await bundle.write(folder);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const { report } = bundle;
const weights = bundle.schedule.segments.reduce((sum, segment) => sum + segment.byteLength, 0);
const parts = [
  `${report.layers} layers`,
  `${report.segments} segments`,
  `${(weights / MIB).toFixed(0)} MiB of weights`,
];
console.log(`${parts.join(', ')}; compiled and written in ${seconds} s. Measuring…\n`);

const rows = await measureAll([
  ['--modes', 'resident'],
  ...budgets.slice(1).map((budget) => ['--modes', 'stream', '--budget', String(budget)]),
]);
const resident = rows[0]!;
const sameBits = (row: Row): boolean => row.outputs[0]!.sha256 === resident.outputs[0]!.sha256;
const line = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(10) : cell.padStart(16))).join('');
const table = [
  line(['mode', 'planned memory', 'process peak', 'read per run', 'latency', 'vs resident', 'same bits']),
  ...rows.map((row) =>
    line([
      row.mode,
      `${(Math.ceil((row.plan.peakBytes / MIB) * 100) / 100).toFixed(2)} MiB`,
      `${(row.rss.peakBytes / MIB).toFixed(0)} MiB`,
      `${(row.bytesRead / MIB).toFixed(0)} MiB`,
      `${row.latencyMs.p50.toFixed(0)} ms`,
      `${(row.latencyMs.p50 / resident.latencyMs.p50).toFixed(2)} ×`,
      sameBits(row) ? 'yes' : 'NO',
    ]),
  ),
].join('\n');
console.log(table);
await writeFile(new URL('table.txt', output), `${table}\n`);

const page = fileURLToPath(new URL('plan.html', output));
await promisify(execFile)(process.execPath, [cli, 'inspect', folder, '--html', page], { maxBuffer: 2 ** 26 });
console.log(
  `\nengine ${engine} (${resident.isa}), one thread; streamed from source "${rows.at(-1)!.source}".`,
);
console.log(
  `process peak: all of Node included, ${(resident.rss.baselineBytes / MIB).toFixed(0)} MiB before anything is loaded.`,
);
console.log('Memory maps of the plans: demo-output/plan.html. The bundle: demo-output/resnet152.');
if (!rows.every(sameBits)) process.exitCode = 1;
