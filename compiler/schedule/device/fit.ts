/**
 * What a kernel's family costs, from timings: the line through operations, bytes and bytes of weights with no negative
 * slope that misses the timings least, in proportion to each. Absolute misses are minimised rather than their squares
 * (by weighting again and again), so that a few timings which another process disturbed do not bend the line.
 *
 * There are four columns at most, so every set of columns is tried. The best solution without a negative entry is the
 * non-negative least-squares solution (Lawson and Hanson, 1974, by enumeration).
 */

import { type KernelCost, type StepWork, workKey } from './cost.ts';
import { median } from './median.ts';

/** A step as it was measured: milliseconds. */
export interface Timing {
  readonly work: StepWork;
  readonly ms: number;
}

const ROUNDS = 12;
/** A miss below this share counts like its square: timings are not more exact. */
const EXACT = 0.01;

/** By kernel. */
export function fitKernels(timings: readonly Timing[]): Record<string, KernelCost> {
  const families = new Map<string, Timing[]>();
  for (const timing of mediansOf(timings)) {
    const family = families.get(timing.work.kernel);
    if (family === undefined) families.set(timing.work.kernel, [timing]);
    else family.push(timing);
  }
  const fitted = [...families].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fitted.map(([kernel, family]) => [kernel, fitFamily(family)]));
}

/** One timing for each work: the median of all. */
export function mediansOf(timings: readonly Timing[]): Timing[] {
  const byKey = new Map<string, { readonly work: StepWork; readonly ms: number[] }>();
  for (const { work, ms } of timings) {
    const key = workKey(work);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { work, ms: [ms] });
    else known.ms.push(ms);
  }
  return [...byKey.values()].map(({ work, ms }) => ({ work, ms: median(ms) }));
}

export function fitFamily(timings: readonly Timing[]): KernelCost {
  const usable = timings.filter(({ ms }) => ms > 0);
  // Each row says: predicted ÷ measured is 1.
  const rows = usable.map(({ work: { flops, bytes, weightBytes }, ms }) =>
    [1, flops / 1e9, bytes / 1e9, weightBytes / 1e9].map((term) => term / ms),
  );
  const importance = rows.map(() => 1);
  let best = [0, 0, 0, 0];
  for (let round = 0; round < ROUNDS && rows.length > 0; round++) {
    best = nonNegativeLeastSquares(rows, importance);
    for (const [n, row] of rows.entries()) importance[n] = 1 / Math.max(EXACT, Math.abs(dot(row, best) - 1));
  }
  const [fixedMs, msPerGflop, msPerGigabyte, msPerGigabyteOfWeights] = best as [
    number,
    number,
    number,
    number,
  ];
  return { fixedMs, msPerGflop, msPerGigabyte, msPerGigabyteOfWeights };
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, term, n) => sum + term * b[n]!, 0);

/** x ≥ 0 with the least Σ importance × (row · x − 1)². */
function nonNegativeLeastSquares(
  rows: readonly (readonly number[])[],
  importance: readonly number[],
): number[] {
  const columns = rows[0]!.length;
  // Columns of like size: bytes and operations are apart by powers of ten.
  const scale = Array.from({ length: columns }, (_, c) => Math.max(...rows.map((row) => row[c]!)));
  let best = new Array<number>(columns).fill(0);
  let bestMiss = Number.POSITIVE_INFINITY;
  for (let set = 1; set < 2 ** columns; set++) {
    const chosen = [...scale.keys()].filter((c) => set & (1 << c));
    if (chosen.some((c) => scale[c] === 0) || chosen.length > rows.length) continue;
    const matrix = chosen.map((a) => [
      ...chosen.map((b) =>
        rows.reduce((sum, row, n) => sum + (importance[n]! * row[a]! * row[b]!) / (scale[a]! * scale[b]!), 0),
      ),
      rows.reduce((sum, row, n) => sum + (importance[n]! * row[a]!) / scale[a]!, 0),
    ]);
    const solved = solve(matrix);
    if (solved === null || solved.some((value) => value < 0)) continue;
    const x = new Array<number>(columns).fill(0);
    for (const [n, c] of chosen.entries()) x[c] = solved[n]! / scale[c]!;
    const miss = rows.reduce((sum, row, n) => sum + importance[n]! * (dot(row, x) - 1) ** 2, 0);
    // Another column must be worth it: timings of equal proportions fit with either.
    if (miss < bestMiss * (1 - 1e-9)) {
      best = x;
      bestMiss = miss;
    }
  }
  return best;
}

/** Gauss with pivots on [A | b]; null if A is singular. */
function solve(matrix: number[][]): number[] | null {
  const size = matrix.length;
  for (let at = 0; at < size; at++) {
    let pivot = at;
    for (let r = at + 1; r < size; r++)
      if (Math.abs(matrix[r]![at]!) > Math.abs(matrix[pivot]![at]!)) pivot = r;
    [matrix[at], matrix[pivot]] = [matrix[pivot]!, matrix[at]!];
    const top = matrix[at]!;
    if (Math.abs(top[at]!) < 1e-12) return null;
    for (let r = 0; r < size; r++) {
      if (r === at) continue;
      const factor = matrix[r]![at]! / top[at]!;
      for (let c = at; c <= size; c++) matrix[r]![c]! -= factor * top[c]!;
    }
  }
  return matrix.map((row, n) => row[size]! / row[n]!);
}
