/** `millrace bench`: latency and memory of a bundle in each mode, every row in a process of its own. */
import { execFile } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { modes as modeNames } from '../runtime/bundle/choose.ts';
import { MillraceError } from '../runtime/error.ts';
import type { Row } from './bench-row.ts';
import { type Command, engineHelp, engineOptions, readArguments, UsageError } from './command.ts';
import { engineOptionsOf } from './load.ts';
import { progress } from './progress.ts';

const help = `millrace bench <bundle> [options]

Measures a bundle: one row for each mode, each in a process of its own (so that its peak memory is its own).

  --modes M,M,...      resident, sequential, synchronous, stream, mmap (default: resident,sequential,stream)
  --runs N             measured runs (default 20)
  --warmup N           runs before them (default 3)
  --cold               drop the weights from the page cache before each run (Linux)
  --json               print the rows as JSON

${engineHelp}
example
  millrace bench dist/resnet50 --modes resident,stream --budget 16MiB
`;

const defaultModes = 'resident,sequential,stream';

export const bench: Command = {
  help,
  async run(args) {
    const given = readArguments(
      args,
      {
        ...engineOptions,
        modes: { type: 'string' },
        runs: { type: 'string' },
        warmup: { type: 'string' },
        cold: { type: 'boolean' },
        json: { type: 'boolean' },
      },
      ['<bundle>'],
      help,
    );
    const bundle = given.positionals[0]!;
    const modes = (given.text('modes') ?? defaultModes).split(',');
    for (const mode of modes)
      if (!(modeNames as readonly string[]).includes(mode))
        throw new UsageError(`--modes: there is no mode "${mode}"`, help);
    const options = engineOptionsOf(given, help);
    const runs = given.count('runs') ?? 20;
    const warmup = given.count('warmup') ?? 3;
    if (runs === 0) throw new UsageError('--runs: expected at least 1', help);
    const rows: Row[] = [];
    const bar = progress();
    for (const mode of modes) {
      bar.update(`measuring ${mode}`, rows.length / modes.length);
      rows.push(
        await measure({ bundle, options: { ...options, mode }, runs, warmup, cold: given.flag('cold') }),
      );
    }
    bar.done();
    const report = { bundle, machine: machine(), rows };
    process.stdout.write(given.flag('json') ? `${JSON.stringify(report, null, 2)}\n` : table(rows));
    return 0;
  },
};

/** The row's process runs this command's sibling module; under a loader (tests), with the same loader. */
async function measure(task: object): Promise<Row> {
  const module = new URL(`./bench-row.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
  const args = [...process.execArgv, fileURLToPath(module), JSON.stringify(task)];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
    return JSON.parse(stdout) as Row;
  } catch (cause) {
    const message = (cause as { stderr?: string }).stderr ?? (cause as Error).message;
    throw new MillraceError('ENGINE', message.trim(), { cause });
  }
}

function machine() {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
  };
}

function table(rows: readonly Row[]): string {
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const head = [
    'mode',
    'plan',
    'planned',
    'peak RSS',
    'load',
    'first',
    'p50',
    'p99',
    'stall',
    'read',
    'source',
  ];
  const body = rows.map((row) => [
    row.mode,
    row.plan.name,
    mib(row.plan.peakBytes),
    mib(row.rss.peakBytes),
    `${row.loadMs.toFixed(0)} ms`,
    `${row.firstMs.toFixed(0)} ms`,
    `${row.latencyMs.p50.toFixed(1)} ms`,
    `${row.latencyMs.p99.toFixed(1)} ms`,
    `${row.stallMs.toFixed(1)} ms`,
    mib(row.bytesRead),
    row.source,
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...body.map((cells) => cells[i]!.length)) + 2);
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('');
  return `${[head, ...body].map(line).join('\n')}\n`;
}
