/** Tables for people: columns as wide as their widest cell. */
import { nameText } from './terminal.ts';

export interface Column {
  readonly title: string;
  /** Words stand at the left of their column, numbers at the right. */
  readonly align?: 'left' | 'right';
}

/** Spaces between columns. */
const GAP = '  ';

/** Lines of a table, the titles first. Columns are numbers unless they say otherwise. */
export function tableLines(
  columns: readonly (Column | string)[],
  rows: readonly (readonly string[])[],
): string[] {
  const heads = columns.map((column) => (typeof column === 'string' ? { title: column } : column));
  const cells = [heads.map(({ title }) => title), ...rows.map((row) => row.map(nameText))];
  const widths = heads.map((_, n) => Math.max(...cells.map((row) => row[n]!.length)));
  return cells.map((row) =>
    row
      .map((cell, n) => (heads[n]!.align === 'left' ? cell.padEnd(widths[n]!) : cell.padStart(widths[n]!)))
      .join(GAP)
      .trimEnd(),
  );
}

/** A column of words. */
export const words = (title: string): Column => ({ title, align: 'left' });

export const milliseconds = (ms: number, digits = 1): string => `${ms.toFixed(digits)} ms`;

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
