/**
 * Intervals as columns, with each one's neighbours in time: what every planner works on, made once. The sweep that
 * finds the neighbours costs the number of overlapping pairs, so planners scale with overlap and not with n².
 */

import { MillraceError } from '../../runtime/error.ts';
import { alignUp } from '../../runtime/format/alignment.ts';
import type { Interval, Placement, PlacementOptions } from './interval.ts';

/** Beyond this many entries (64 MiB) the neighbours aren't listed, and are found by looking at every interval. */
const MAX_NEIGHBOURS = 1 << 24;

export interface Items {
  readonly count: number;
  readonly id: readonly number[];
  /** Rounded up to `alignment`. */
  readonly size: Float64Array;
  readonly alignment: Float64Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Largest sum of live sizes: no placement is smaller. */
  readonly lowerBound: number;
  /** Neighbours of item i are list[from[i]] … list[from[i + 1] − 1]; null when there are too many to list. */
  readonly neighbours: { readonly from: Int32Array; readonly list: Int32Array } | null;
}

export function itemsOf(intervals: readonly Interval[], options: PlacementOptions): Items {
  const count = intervals.length;
  const size = new Float64Array(count);
  const alignment = new Float64Array(count);
  const start = new Float64Array(count);
  const end = new Float64Array(count);
  intervals.forEach((interval, i) => {
    if (!(interval.start < interval.end) || !(interval.byteLength >= 0)) {
      throw new MillraceError('INTERNAL', 'is empty in time or has no size', {
        at: `interval ${interval.id}`,
        expected: 'start < end, byteLength ≥ 0',
        got: `[${interval.start}, ${interval.end}), ${interval.byteLength} bytes`,
      });
    }
    alignment[i] = options.alignmentOf?.(interval.id) ?? 1;
    size[i] = alignUp(interval.byteLength, alignment[i]!);
    start[i] = interval.start;
    end[i] = interval.end;
  });
  const byStart = orderBy(count, (a, b) => start[a]! - start[b]!);
  return {
    count,
    id: intervals.map((interval) => interval.id),
    size,
    alignment,
    start,
    end,
    lowerBound: largestLiveSum(byStart, size, start, end),
    neighbours: neighboursOf(byStart, start, end),
  };
}

/** Item indices sorted by `compare`; ties in order of index, so that every order is reproducible. */
export function orderBy(count: number, compare: (a: number, b: number) => number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i).sort((a, b) => compare(a, b) || a - b);
}

/** Sweeps the starts in order; sums grow at starts and shrink at ends, so the largest sum is seen at a start. */
function largestLiveSum(
  byStart: Int32Array,
  size: Float64Array,
  start: Float64Array,
  end: Float64Array,
): number {
  const byEnd = orderBy(byStart.length, (a, b) => end[a]! - end[b]!);
  let live = 0;
  let largest = 0;
  let ended = 0;
  for (const item of byStart) {
    while (ended < byEnd.length && end[byEnd[ended]!]! <= start[item]!) live -= size[byEnd[ended++]!]!;
    live += size[item]!;
    largest = Math.max(largest, live);
  }
  return largest;
}

function neighboursOf(byStart: Int32Array, start: Float64Array, end: Float64Array): Items['neighbours'] {
  const count = byStart.length;
  const degree = new Int32Array(count);
  let entries = 0;
  // The same sweep twice: once to count, once to fill.
  const sweep = (pair: (a: number, b: number) => boolean): boolean => {
    let active: number[] = [];
    for (const item of byStart) {
      active = active.filter((other) => end[other]! > start[item]!);
      for (const other of active) if (!pair(item, other)) return false;
      active.push(item);
    }
    return true;
  };
  const fits = sweep((a, b) => {
    degree[a]!++;
    degree[b]!++;
    return (entries += 2) <= MAX_NEIGHBOURS;
  });
  if (!fits) return null;
  const from = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) from[i + 1] = from[i]! + degree[i]!;
  const next = from.slice(0, count);
  const list = new Int32Array(entries);
  sweep((a, b) => {
    list[next[a]!++] = b;
    list[next[b]!++] = a;
    return true;
  });
  return { from, list };
}

export function placementOf(items: Items, offset: Float64Array): Placement {
  const placement = new Map<number, number>();
  for (let i = 0; i < items.count; i++) placement.set(items.id[i]!, offset[i]!);
  return placement;
}
