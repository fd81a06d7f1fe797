/**
 * The figure that no placement can beat: the largest sum of the (aligned) sizes live at one time. For most networks
 * some planner reaches it; where none does, the difference is fragmentation.
 */
import { alignUp } from '../../runtime/format/alignment.ts';
import type { Interval, PlacementOptions } from './interval.ts';

export function lowerBound(intervals: readonly Interval[], options: PlacementOptions = {}): number {
  return busiestTime(intervals, options).bytes;
}

export interface BusiestTime {
  /** The first time at which the most is live. */
  readonly time: number;
  readonly bytes: number;
  /** How many are live then. */
  readonly live: number;
}

/** The proof of the bound. */
export function busiestTime(intervals: readonly Interval[], options: PlacementOptions = {}): BusiestTime {
  const change = new Map<number, { bytes: number; live: number }>();
  const add = (time: number, bytes: number, live: number): void => {
    const known = change.get(time);
    if (known === undefined) change.set(time, { bytes, live });
    else {
      known.bytes += bytes;
      known.live += live;
    }
  };
  for (const { id, byteLength, start, end } of intervals) {
    const size = alignUp(byteLength, options.alignmentOf?.(id) ?? 1);
    add(start, size, 1);
    add(end, -size, -1);
  }
  let [bytes, live] = [0, 0];
  let busiest: BusiestTime = { time: 0, bytes: 0, live: 0 };
  for (const time of [...change.keys()].sort((a, b) => a - b)) {
    bytes += change.get(time)!.bytes;
    live += change.get(time)!.live;
    if (bytes > busiest.bytes) busiest = { time, bytes, live };
  }
  return busiest;
}
