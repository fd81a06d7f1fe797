/** The public instances of MiniMalloc (ASPLOS '23): each has a placement within its capacity, and it must be found. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { searchLeast } from '../../cli/plan-search.ts';
import { readLifetimes, verifyPlacement } from '../../compiler/memory/index.ts';
import { compared, mustEqual, peakWith, type Table } from './table.ts';

const SECONDS = 60;
/** Best of five greedy orders, as found by others. */
const GREEDY: Readonly<Record<string, string>> = {
  A: '1.290',
  B: '1.347',
  C: '1.352',
  D: '1.231',
  E: '1.369',
  F: '1.356',
  G: '1.231',
  H: '1.233',
  I: '1.410',
  J: '1.243',
  K: '1.290',
};
const ORDERS = [
  'greedy-by-size',
  'greedy-by-size-first-gap',
  'greedy-by-longest',
  'greedy-by-longest-first-gap',
  'greedy-by-breadth',
  'greedy-by-breadth-first-gap',
  'linear-scan',
  'linear-scan-first-gap',
];

/** Null where the instances aren't there: they are not part of the repository. */
export function minimalloc(): Table | null {
  const folder = new URL('../../../shared/minimalloc/', import.meta.url);
  if (!existsSync(folder)) return null;
  const files = readdirSync(folder).filter((name) => /^.+\.\d+\.csv$/.test(name));
  return {
    title: 'MiniMalloc’s instances, height over capacity',
    source: "ASPLOS '23",
    columns: ['capacity', 'best greedy', 'found', 'seconds'],
    rows: files.sort().map((file) => {
      const name = file.split('.')[0]!;
      const capacity = Number(file.split('.')[1]);
      const { intervals } = readLifetimes(
        readFileSync(new URL(file, folder), 'utf8'),
        fileURLToPath(new URL(file, folder)),
      );
      const greedy = Math.min(...ORDERS.map((planner) => peakWith(planner, intervals)));
      const started = performance.now();
      const { placement } = searchLeast(intervals, { withSuite: false, capacity, seconds: SECONDS });
      const seconds = (performance.now() - started) / 1000;
      const peak = verifyPlacement(intervals, placement);
      return {
        name,
        cells: [
          compared(capacity, capacity),
          compared(GREEDY[name] ?? '·', (greedy / capacity).toFixed(3)),
          mustEqual('within', peak <= capacity ? 'within' : `${peak}`),
          compared(`≤ ${SECONDS}`, seconds.toFixed(1)),
        ],
      };
    }),
  };
}
