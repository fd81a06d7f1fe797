/**
 * What the planners see: intervals of time, each with a size, and nothing of what they hold. An interval [start, end)
 * is half-open in step time: whatever ends at t and whatever starts at t may share an address. Every size is rounded up
 * to its alignment before anything is computed, by the lower bound as by the planners.
 */

import { MillraceError } from '../../runtime/error.ts';
import { alignUp } from '../../runtime/format/alignment.ts';

export interface Interval {
  readonly id: number;
  readonly byteLength: number;
  readonly start: number;
  readonly end: number;
}

/** Byte offset of each interval, by id. */
export type Placement = ReadonlyMap<number, number>;

export interface PlacementOptions {
  /** Offsets of this interval are multiples of it, and its size is rounded up to it. Default 1. */
  alignmentOf?(id: number): number;
  /** A peak that is good enough: the planners that choose between top and bottom, and the search, stop there. */
  readonly target?: number;
}

/** Finds an address for each interval such that those that overlap in time are disjoint. Pure and deterministic. */
export type Planner = (intervals: readonly Interval[], options: PlacementOptions) => Placement;

/** First byte above everything placed. */
export function peakOf(
  intervals: readonly Interval[],
  placement: Placement,
  options: PlacementOptions = {},
): number {
  let peak = 0;
  for (const interval of intervals) {
    const offset = placement.get(interval.id);
    if (offset === undefined) {
      throw new MillraceError('INTERNAL', 'has no offset', { at: `interval ${interval.id}` });
    }
    peak = Math.max(peak, offset + alignUp(interval.byteLength, options.alignmentOf?.(interval.id) ?? 1));
  }
  return peak;
}
