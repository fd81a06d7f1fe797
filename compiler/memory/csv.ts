/**
 * Lifetimes as text: MiniMalloc's columns `id,lower,upper,size` (upper exclusive), in any order, among any others; an
 * `offset` column is accepted and ignored. Ids are names. Every refusal says the line and what was expected there.
 */
import { MillraceError } from '../../runtime/error.ts';
import type { Interval, Placement } from './interval.ts';

export interface NamedIntervals {
  /** Ids are positions. */
  readonly intervals: readonly Interval[];
  readonly names: readonly string[];
}

const REQUIRED = ['id', 'lower', 'upper', 'size'] as const;

/** `file` is for messages. */
export function readLifetimes(text: string, file: string): NamedIntervals {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const header = lines.findIndex((line) => line.trim() !== '');
  const columns = (lines[header] ?? '').split(',').map((name) => name.trim().toLowerCase());
  const positions = REQUIRED.map((name) => columns.indexOf(name));
  if (positions.includes(-1)) {
    throw new MillraceError('MODEL_READ', 'is not a table of lifetimes', {
      at: header < 0 ? file : `${file}:${header + 1}`,
      expected: `a header with the columns ${REQUIRED.join(', ')}`,
      got: header < 0 ? 'an empty file' : `"${lines[header]!.slice(0, 80)}"`,
    });
  }
  const intervals: Interval[] = [];
  const names: string[] = [];
  const lineOf = new Map<string, number>();
  for (let n = header + 1; n < lines.length; n++) {
    const line = lines[n]!;
    if (line.trim() === '') continue;
    const at = `${file}:${n + 1}`;
    const cells = line.split(',').map((cell) => cell.trim());
    if (cells.length !== columns.length) {
      throw invalid(
        at,
        'has another number of columns than the header',
        `${columns.length}`,
        `${cells.length}`,
      );
    }
    const [name, lower, upper, size] = positions.map((position) => cells[position]!) as [string, ...string[]];
    if (name === '') throw invalid(at, 'has no id', 'a name', 'nothing');
    const known = lineOf.get(name);
    if (known !== undefined) {
      throw invalid(at, 'repeats an id', 'each id once', `"${name}", already on line ${known}`);
    }
    lineOf.set(name, n + 1);
    const start = whole(at, 'lower', lower!, Number.MIN_SAFE_INTEGER);
    const end = whole(at, 'upper', upper!, Number.MIN_SAFE_INTEGER);
    const byteLength = whole(at, 'size', size!, 0);
    if (end <= start) {
      throw invalid(
        at,
        'ends before it begins',
        `upper above lower (${start}); upper is exclusive`,
        `${end}`,
      );
    }
    intervals.push({ id: names.length, byteLength, start, end });
    names.push(name);
  }
  if (intervals.length === 0) {
    throw invalid(file, 'has no lifetimes', 'a row for each after the header', 'only a header');
  }
  const total = intervals.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (!Number.isSafeInteger(total)) {
    throw invalid(file, 'is too large to add up exactly', 'sizes whose sum is at most 2^53 − 1', `${total}`);
  }
  return { intervals, names };
}

function whole(at: string, column: string, text: string, least: number): number {
  const expected = least === 0 ? 'a whole number from 0 to 2^53 − 1' : 'a whole number within ±(2^53 − 1)';
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw invalid(`${at}, ${column}`, 'is not a possible number', expected, `"${text}"`);
  }
  return value;
}

const invalid = (at: string, what: string, expected: string, got: string): MillraceError =>
  new MillraceError('MODEL_INVALID', what, { at, expected, got });

/** The same columns with the addresses found. */
export function writeLifetimes({ intervals, names }: NamedIntervals, placement: Placement): string {
  const rows = intervals.map(
    ({ id, start, end, byteLength }) => `${names[id]},${start},${end},${byteLength},${placement.get(id)}`,
  );
  return `id,lower,upper,size,offset\n${rows.join('\n')}\n`;
}
