/** A paper's table beside ours. A cell either must be equal, or is shown for comparison only. */
import { type Interval, planners, verifyPlacement } from '../../compiler/memory/index.ts';

export interface Cell {
  readonly published: string;
  readonly ours: string;
  /** Null for a cell that is only shown. */
  readonly agrees: boolean | null;
}

export interface Table {
  readonly title: string;
  readonly source: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly (Cell | null)[] }[];
}

/** Verified peak of a named planner. */
export function peakWith(planner: string, intervals: readonly Interval[], alignment = 1): number {
  return verifyPlacement(intervals, planners[planner]!(intervals, { alignmentOf: () => alignment }));
}

export const mustEqual = (published: number | string, ours: number | string): Cell => ({
  published: format(published),
  ours: format(ours),
  agrees: published === ours,
});

/** Of rounded figures that can't be rebuilt to the last digit. */
export const mustBeNear = (published: string, ours: string, tolerance: number): Cell => ({
  published,
  ours,
  agrees: Math.abs(Number(published) - Number(ours)) <= tolerance + 1e-9,
});

export const compared = (published: number | string, ours: number | string): Cell => ({
  published: format(published),
  ours: format(ours),
  agrees: null,
});

const format = (value: number | string): string =>
  typeof value === 'number' ? value.toLocaleString('en-US') : value;

/** Cells that had to be equal and aren't. */
export function differences(table: Table): string[] {
  return table.rows.flatMap(({ name, cells }) =>
    cells.flatMap((cell, n) =>
      cell?.agrees === false
        ? [`${table.title}, ${name}, ${table.columns[n]}: published ${cell.published}, ours ${cell.ours}`]
        : [],
    ),
  );
}

export function print({ title, source, columns, rows }: Table): string {
  const grid = [
    ['', ...columns],
    ...rows.map(({ name, cells }) => [name, ...cells.map((cell) => (cell === null ? '· ' : text(cell)))]),
  ];
  const widths = grid[0]!.map((_, n) => Math.max(...grid.map((row) => row[n]?.length ?? 0)));
  const lines = grid.map((row) =>
    row
      .map((cell, n) => (n === 0 ? cell.padEnd(widths[n]!) : cell.padStart(widths[n]!)))
      .join('  ')
      .trimEnd(),
  );
  return [
    `${title} (${source})`,
    '  published → ours; ✔ must agree and does, = agrees',
    '',
    ...lines,
    '',
  ].join('\n');
}

function text({ published, ours, agrees }: Cell): string {
  const mark = agrees === null ? ' ' : agrees ? '✔' : '✘';
  return published === ours ? `${ours} ${agrees === null ? '=' : mark}` : `${published} → ${ours} ${mark}`;
}
