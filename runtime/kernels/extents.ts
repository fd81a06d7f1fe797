/** What `extent` functions of the kernel table are made of: floats in a row, in rows that lie apart, or by strides. */
import { bytesOfElements, FLOAT_BYTES, PANEL, panelBytes } from './layouts.ts';
import { type Region, region, whole } from './region.ts';

export const floats = (count: number): readonly Region[] => [whole(bytesOfElements('f32', count))];

/** `count` rows of floats [from, to), `step` apart. */
export const floatRows = (count: number, step: number, to: number, from = 0): readonly Region[] => [
  region(from * FLOAT_BYTES, count, (to - from) * FLOAT_BYTES, step * FLOAT_BYTES),
];

/** Weights in panels over a reduction of length `depth`. */
export const panelsOf = (panels: number, depth: number): readonly Region[] => [
  whole(panels * panelBytes('f32', depth)),
];

/** No memory holds it: what parameters that contradict each other are said to touch. */
export const nowhere: readonly Region[] = [{ offset: 0, rows: 1, bytes: Infinity, stride: 0 }];

interface Piece {
  readonly panel0: number;
  readonly panels: number;
}

/** The output channels [from, to) of a piece of a layer, as rows of all `channels`; a piece is no longer than its layer. */
export function pieceRows(
  { panel0, panels }: Piece,
  count: number,
  step: number,
  channels: number,
  groups = 1,
): readonly Region[] {
  const perGroup = Math.max(1, Math.ceil(channels / groups / PANEL));
  if (channels % groups !== 0 || panel0 + panels > groups * perGroup) return nowhere;
  const first = (panel: number): number =>
    Math.floor(panel / perGroup) * (channels / groups) + (panel % perGroup) * PANEL;
  const end = panel0 + panels;
  const to = end % perGroup === 0 ? (end / perGroup) * (channels / groups) : first(end);
  return floatRows(count, step, to, first(panel0));
}

/** A box of more regions than this is taken as one piece. */
const MOST_REGIONS = 4096;

/**
 * The elements of `size` bytes that strides reach from element `start` on, as few regions: dimensions that nest without
 * a gap are one.
 */
export function box(
  counts: readonly number[],
  strides: readonly number[],
  start: number,
  size: number,
): readonly Region[] {
  if (counts.includes(0)) return [];
  let first = start;
  const walked: { count: number; step: number }[] = [];
  for (const [i, count] of counts.entries()) {
    const step = strides[i]!;
    if (count === 1 || step === 0) continue;
    if (step < 0) first += step * (count - 1);
    walked.push({ count, step: Math.abs(step) });
  }
  walked.sort((a, b) => a.step - b.step);
  const merged: { count: number; step: number }[] = [];
  for (const one of walked) {
    const last = merged.at(-1);
    if (last && last.step * last.count === one.step) last.count *= one.count;
    else merged.push({ ...one });
  }
  const run = merged[0]?.step === 1 ? merged.shift()!.count : 1;
  const rows = merged.shift() ?? { count: 1, step: run };
  const outer = merged.reduce((n, { count }) => n * count, 1);
  if (outer > MOST_REGIONS) {
    const reach = [rows, ...merged].reduce((n, { count, step }) => n + (count - 1) * step, run);
    return [whole(reach * size, first * size)];
  }
  let starts = [first];
  for (const { count, step } of merged)
    starts = starts.flatMap((at) => Array.from({ length: count }, (_, i) => at + i * step));
  return starts.map((at) => region(at * size, rows.count, run * size, rows.step * size));
}

type Numbered<P extends string> = Readonly<Record<`${P}${0 | 1 | 2 | 3 | 4 | 5}`, number>>;

/** The six numbered parameters of one letter as a list. */
export const numberedOf = <P extends string>(params: Numbered<P>, prefix: P): number[] =>
  ([0, 1, 2, 3, 4, 5] as const).map((i) => params[`${prefix}${i}`]);
