/**
 * `millrace plan lifetimes.csv`: the planners alone, on anybody's lifetimes. Whatever they answer is verified before it
 * is reported. With a capacity it succeeds only if a placement within it is found.
 */

import { readFile } from 'node:fs/promises';
import { readLifetimes, writeLifetimes } from '../compiler/memory/csv.ts';
import type { Interval, Placement } from '../compiler/memory/interval.ts';
import { busiestTime } from '../compiler/memory/lower-bound.ts';
import { planners } from '../compiler/memory/planners.ts';
import { verifyPlacement } from '../compiler/memory/verify-placement.ts';
import { MillraceError } from '../runtime/error.ts';
import { formatSize, parseSize } from '../runtime/size.ts';
import { type Arguments, UsageError } from './command.ts';
import { writeText } from './output.ts';
import { type Searched, searchLeast } from './plan-search.ts';
import { milliseconds, tableLines, words } from './table.ts';
import { print, printJson, tell } from './terminal.ts';

export const lifetimesOptions = {
  planner: { type: 'string' },
  capacity: { type: 'string' },
  timeout: { type: 'string' },
  output: { type: 'string', short: 'o' },
  json: { type: 'boolean' },
} as const;

export const lifetimesHelp = `lifetimes.csv has the columns id,lower,upper,size (upper is exclusive); others are ignored

  --planner NAME     suite (default: the heuristics, then the exact search), all, or one of
                     ${wrap(Object.keys(planners), 60).join(`\n${' '.repeat(21)}`)}
  --capacity SIZE    stop at a placement within this; fails if none is found
  --timeout S        seconds for the exact search (default 60)
  -o, --output FILE  write the table with a column of offsets
  --json             print the placement as JSON
`;

/** Beyond this many intervals these take hours. */
const MAX_QUADRATIC = 4000;
const QUADRATIC = ['gergov', 'min-cost-flow'];

export interface Row {
  readonly planner: string;
  readonly peakBytes: number;
  readonly milliseconds: number;
}

export interface Answer extends Row {
  readonly placement: Placement;
  readonly lowerBoundBytes: number;
}

export async function planLifetimes(path: string, given: Arguments, help: string): Promise<number> {
  const { name, seconds } = plannerOf(given, help);
  const capacityText = given.text('capacity');
  const capacity = capacityText === undefined ? undefined : parseSize(capacityText, '--capacity');
  const table = readLifetimes(await readText(path), path);
  const { intervals } = table;
  const bound = busiestTime(intervals);
  if (capacity !== undefined && capacity < bound.bytes) {
    throw new MillraceError('BUDGET', 'no placement can be within the capacity', {
      at: path,
      expected: `a capacity of at least ${bound.bytes}: at time ${bound.time}, ${bound.live} intervals are live, and that is the sum of their sizes`,
      got: `${capacity}`,
    });
  }
  const answers = answersOf(intervals, { name, seconds, capacity });
  const best = answers.reduce((a, b) => (b.peakBytes < a.peakBytes ? b : a));
  const lowerBoundBytes = answers.reduce((most, one) => Math.max(most, one.lowerBoundBytes), bound.bytes);
  const output = given.text('output');
  if (output !== undefined) await writeText(output, writeLifetimes(table, best.placement));
  const report = {
    planner: best.planner,
    peakBytes: best.peakBytes,
    lowerBoundBytes,
    ...(capacity === undefined ? {} : { capacity }),
    optimal: best.peakBytes === lowerBoundBytes,
    milliseconds: best.milliseconds,
    placements: intervals.map(({ id }) => ({ id: table.names[id]!, offset: best.placement.get(id)! })),
    ...(name === 'all'
      ? {
          planners: answers.map(({ planner, peakBytes, milliseconds }) => ({
            planner,
            peakBytes,
            milliseconds,
          })),
        }
      : {}),
  };
  if (given.flag('json')) printJson(report);
  else print(describe(report, intervals.length));
  if (capacity === undefined || best.peakBytes <= capacity) return 0;
  const searched = ['suite', 'exact', 'all'].includes(name);
  tell(
    `millrace: no placement within ${capacity} found; the best is ${best.peakBytes}${searched ? '; a longer --timeout may find one' : ''}\n`,
  );
  return 1;
}

export interface PlannerWish {
  /** `all`, or a planner's. */
  readonly name: string;
  /** For the exact search. */
  readonly seconds: number;
}

export function plannerOf(given: Arguments, help: string): PlannerWish {
  const name = given.text('planner') ?? 'suite';
  if (name !== 'all' && !Object.hasOwn(planners, name)) {
    throw new UsageError(
      `--planner: expected all or one of ${Object.keys(planners).join(', ')}, got "${name}"`,
      help,
    );
  }
  const seconds = Number(given.text('timeout') ?? '60');
  if (!(seconds > 0 && seconds < 1e9)) {
    throw new UsageError(`--timeout: expected seconds above 0, got "${given.text('timeout')}"`, help);
  }
  return { name, seconds };
}

/** What each planner asked for finds, verified. */
export function answersOf(
  intervals: readonly Interval[],
  { name, seconds, capacity }: PlannerWish & { readonly capacity: number | undefined },
): Answer[] {
  const run = (one: string): Answer => {
    const started = performance.now();
    const searched =
      one === 'suite' || one === 'exact'
        ? searchLeast(intervals, { withSuite: one === 'suite', capacity, seconds })
        : heuristic(intervals, one, capacity);
    const milliseconds = performance.now() - started;
    const peakBytes = verifyPlacement(intervals, searched.placement);
    // In a comparison the suite is a row of its own; alone it says which of its planners was the best.
    const planner = name === 'all' ? one : searched.planner;
    return { ...searched, planner, peakBytes, milliseconds };
  };
  const names = name === 'all' ? Object.keys(planners) : [name];
  const answers: Answer[] = [];
  for (const one of names) {
    if (name === 'all' && intervals.length > MAX_QUADRATIC && QUADRATIC.includes(one)) {
      tell(`${one}: left out, it is slow on more than ${MAX_QUADRATIC} intervals\n`);
    } else answers.push(run(one));
  }
  return answers;
}

function heuristic(intervals: readonly Interval[], planner: string, capacity: number | undefined): Searched {
  const placement = planners[planner]!(intervals, capacity === undefined ? {} : { target: capacity });
  return { planner, placement, lowerBoundBytes: 0 };
}

interface Report extends Row {
  readonly lowerBoundBytes: number;
  readonly optimal: boolean;
  readonly planners?: readonly Row[];
}

export function plannerTable(rows: readonly Row[], lowerBoundBytes: number): string[] {
  const over = (peakBytes: number): string =>
    `+${((100 * (peakBytes - lowerBoundBytes)) / Math.max(1, lowerBoundBytes)).toFixed(2)} %`;
  return tableLines(
    [words('planner'), 'peak', 'over bound', 'time'],
    rows.map((row) => [
      row.planner,
      String(row.peakBytes),
      over(row.peakBytes),
      milliseconds(row.milliseconds),
    ]),
  );
}

function describe(report: Report, count: number): string {
  const lines = report.planners ? [...plannerTable(report.planners, report.lowerBoundBytes), ''] : [];
  lines.push(
    `${count} intervals → ${formatSize(report.peakBytes)} (lower bound ${formatSize(report.lowerBoundBytes)}, ` +
      `${report.optimal ? 'optimal, ' : ''}planner ${report.planner}, ${report.milliseconds.toFixed(0)} ms)`,
    '',
  );
  return lines.join('\n');
}

export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new MillraceError('MODEL_READ', (cause as Error).message, { at: path, cause });
  }
}

/** Names with commas between, in lines of at most `width`. */
function wrap(names: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last === undefined || last.length + name.length + 2 > width) lines.push(name);
    else lines[lines.length - 1] = `${last}, ${name}`;
  }
  return lines.map((line, n) => (n + 1 < lines.length ? `${line},` : line));
}
