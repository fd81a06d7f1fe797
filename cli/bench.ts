/** `millrace bench`: latency and memory of a bundle in each mode, every row in a process of its own. */

import { execFile } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MillraceError } from '../runtime/error.ts';
import { choosePlan, modes as everyMode, type Mode } from '../runtime/format/choose.ts';
import type { Manifest } from '../runtime/format/format.ts';
import type { LoadOptions } from '../runtime/node.ts';
import { mib, parseSize } from '../runtime/size.ts';
import type { Outcome, Row } from './bench-row.ts';
import { type Command, engineHelp, engineOptions, readArguments, UsageError } from './command.ts';
import { engineOptionsOf, manifestOf } from './load.ts';
import { progress } from './progress.ts';
import { milliseconds, tableLines, words } from './table.ts';
import { nameText, print, printJson } from './terminal.ts';

const help = `millrace bench <bundle> [options]

Measures a bundle: one row for each mode, each in a process of its own (so that its peak memory is its own).

  --modes M,M,...      resident, sequential, synchronous, stream, mmap
                       (default: resident, sequential and stream, as far as the bundle has a plan for them)
  --runs N             measured runs (default 20)
  --warmup N           runs before them (default 3)
  --cold               drop the weights from the page cache before each run (Linux)
  --json               print the rows as JSON

${engineHelp}
example
  millrace bench dist/resnet50 --modes resident,stream --budget 16MiB
`;

const defaultModes: readonly Mode[] = ['resident', 'sequential', 'stream'];
const isMode = (name: string): name is Mode => everyMode.some((mode) => mode === name);

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
    const { mode: single, ...options } = engineOptionsOf(given, help);
    const asked = given.text('modes')?.split(',') ?? (single === undefined ? null : [single]);
    for (const mode of asked ?? [])
      if (!isMode(mode))
        throw new UsageError(`--modes: expected ${everyMode.join(', ')}, got "${mode}"`, help);
    const modes = asked ?? possibleModes(await manifestOf(bundle), options);
    const runs = given.count('runs') ?? 20;
    const warmup = given.count('warmup') ?? 3;
    if (runs === 0) throw new UsageError('--runs: expected at least 1, got 0', help);
    const rows: Row[] = [];
    const bar = progress();
    for (const mode of modes) {
      bar.update(`measuring ${mode}`, rows.length / modes.length);
      rows.push(
        await measure({
          bundle,
          options: { ...options, mode, prime: options.prime === true && readsAhead(mode) },
          runs,
          warmup,
          cold: given.flag('cold'),
        }),
      );
    }
    bar.done();
    const report = { bundle, machine: machine(), rows };
    if (given.flag('json')) printJson(report, 2);
    else print(`${table(rows)}${waits(rows)}`);
    return 0;
  },
};

/** `--prime` is for rows of these modes. */
const readsAhead = (mode: string): boolean => mode === 'stream' || mode === 'mmap';

/** The modes that some stored plan serves within the budget; if none does, the error that says why. */
function possibleModes(manifest: Manifest, { budget, source }: LoadOptions): Mode[] {
  const bytes = budget === undefined ? undefined : parseSize(budget, 'budget');
  const modes = defaultModes.filter((mode) => {
    try {
      choosePlan(manifest, { mode, source, budget: bytes });
      return true;
    } catch {
      return false;
    }
  });
  if (modes.length === 0) choosePlan(manifest, { mode: 'stream', source, budget: bytes });
  return modes;
}

/** The row's process runs this command's sibling module; under a loader (tests), with the same loader. */
async function measure(task: object): Promise<Row> {
  const module = new URL(`./bench-row.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
  const args = [...process.execArgv, fileURLToPath(module), JSON.stringify(task)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 }).catch(
    (cause: Error & { stderr?: string }) => {
      throw new MillraceError('ENGINE', (cause.stderr ?? cause.message).trim(), { cause });
    },
  );
  const outcome = JSON.parse(stdout) as Outcome;
  if ('failed' in outcome) throw new MillraceError(outcome.failed.code, outcome.failed.message);
  return outcome;
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

/** The layers that each row waited for longest. */
function waits(rows: readonly Row[]): string {
  const lines = rows
    .filter(({ stalls }) => stalls.length > 0)
    .map(({ mode, stalls }) => {
      const most = stalls.slice(0, 5).map(({ layer, ms }) => `${nameText(layer)} ${milliseconds(ms, 2)}`);
      return `${mode} waited for: ${most.join(', ')}${stalls.length > 5 ? `, ${stalls.length - 5} more` : ''}\n`;
    });
  return lines.length === 0 ? '' : `\n${lines.join('')}`;
}

function table(rows: readonly Row[]): string {
  const columns = [
    words('mode'),
    words('plan'),
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
  const cells = rows.map((row) => [
    row.mode,
    row.plan.name,
    mib(row.plan.peakBytes),
    mib(row.rss.peakBytes),
    milliseconds(row.loadMs, 0),
    milliseconds(row.firstMs, 0),
    milliseconds(row.latencyMs.p50),
    milliseconds(row.latencyMs.p99),
    milliseconds(row.stallMs),
    mib(row.bytesRead),
    row.source,
  ]);
  return `${tableLines(columns, cells).join('\n')}\n`;
}
