/**
 * Addresses for values and segments together, given the issue steps. Residents lie at the bottom, one after the other:
 * they overlap everything in time, so anywhere else they would only be in the way. The suite places the rest above.
 */
import { alignUp } from '../../runtime/format/alignment.ts';
import { RESIDENT, SEGMENT_ALIGNMENT, VALUE_ALIGNMENT } from '../../runtime/format/format.ts';
import type { Interval } from './interval.ts';
import { runSuite } from './suite.ts';
import type { Timeline } from './timeline.ts';

export interface Packed {
  readonly peakBytes: number;
  readonly planner: string;
  /** In the order of the problem's values. */
  readonly valueOffsets: Float64Array;
  readonly segmentOffsets: Float64Array;
}

/** Tries for `target` bytes; what it finds may be larger. `work` bounds the search. */
export function pack(timeline: Timeline, issue: ArrayLike<number>, target: number, work: number): Packed {
  const { values, segments } = timeline.problem;
  const intervals: Interval[] = values.map(({ byteLength, start, end }, id) => ({
    id,
    byteLength,
    start,
    end,
  }));
  const segmentOffsets = new Float64Array(segments.length);
  let floor = 0;
  segments.forEach(({ byteLength, lastUse }, s) => {
    if (issue[s] === RESIDENT) {
      segmentOffsets[s] = floor;
      floor += byteLength;
    } else {
      intervals.push({ id: values.length + s, byteLength, start: issue[s]! + 1, end: lastUse + 1 });
    }
  });
  const { placement, peakBytes, planner } = runSuite(intervals, {
    alignmentOf: (id) => (id < values.length ? VALUE_ALIGNMENT : SEGMENT_ALIGNMENT),
    target: target - floor,
    work,
  });
  for (let s = 0; s < segments.length; s++) {
    if (issue[s] !== RESIDENT) segmentOffsets[s] = floor + placement.get(values.length + s)!;
  }
  return {
    peakBytes: floor + peakBytes,
    planner,
    valueOffsets: Float64Array.from(values, (_, n) => floor + placement.get(n)!),
    segmentOffsets,
  };
}

/**
 * Prefetches as deep as the memory allows: given addresses, lets each segment begin as early as some gap of the arena is
 * free, in order, moving it there. Never slower, and it keeps the reader ahead when the device isn't the predicted one.
 */
export function prefetchInto(
  timeline: Timeline,
  packed: Packed,
  issue: Int32Array,
  capacity: number,
): { readonly packed: Packed; readonly issue: Int32Array } {
  const { values, segments } = timeline.problem;
  const early = issue.slice();
  const segmentOffsets = packed.segmentOffsets.slice();
  const valueCount = values.length;
  const size = Float64Array.from([...values, ...segments], ({ byteLength }, n) =>
    n < valueCount ? alignUp(byteLength, VALUE_ALIGNMENT) : byteLength,
  );
  const offsetOf = (n: number): number =>
    n < valueCount ? packed.valueOffsets[n]! : segmentOffsets[n - valueCount]!;
  const startOf = (n: number): number => {
    if (n < valueCount) return values[n]!.start;
    const after = early[n - valueCount]!;
    return after === RESIDENT ? -1 : after + 1;
  };
  const endOf = (n: number): number => {
    if (n < valueCount) return values[n]!.end;
    const s = n - valueCount;
    return early[s] === RESIDENT ? timeline.steps + 1 : segments[s]!.lastUse + 1;
  };
  let previous = -1;
  for (let s = 0; s < segments.length; s++) {
    if (early[s] === RESIDENT) continue;
    const self = valueCount + s;
    const end = segments[s]!.lastUse + 1;
    const others: number[] = [];
    for (let n = 0; n < size.length; n++) {
      if (n !== self && size[n]! > 0 && startOf(n) < end && endOf(n) > previous + 1) others.push(n);
    }
    others.sort((a, b) => offsetOf(a) - offsetOf(b));
    const gapFrom = (after: number): number => {
      let floor = 0;
      let found = -1;
      let foundSpace = Number.POSITIVE_INFINITY;
      const offer = (limit: number): void => {
        const offset = alignUp(floor, SEGMENT_ALIGNMENT);
        if (offset + size[self]! <= limit && limit - floor < foundSpace) {
          found = offset;
          foundSpace = limit - floor;
        }
      };
      for (const n of others) {
        if (endOf(n) <= after + 1) continue;
        offer(offsetOf(n));
        floor = Math.max(floor, offsetOf(n) + size[n]!);
      }
      offer(capacity);
      return found;
    };
    let low = previous;
    let high = early[s]!;
    let offset = segmentOffsets[s]!;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const gap = gapFrom(middle);
      if (gap >= 0) {
        high = middle;
        offset = gap;
      } else low = middle + 1;
    }
    early[s] = high;
    segmentOffsets[s] = offset;
    previous = high;
  }
  let peakBytes = 0;
  for (let n = 0; n < size.length; n++) peakBytes = Math.max(peakBytes, offsetOf(n) + size[n]!);
  return { packed: { ...packed, peakBytes, segmentOffsets }, issue: early };
}
