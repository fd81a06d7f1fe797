/**
 * The figure that no placement can beat: the largest sum of the (aligned) sizes live at one time. For most networks
 * some planner reaches it; where none does, the difference is fragmentation.
 */
import type { Interval, PlacementOptions } from './interval.ts';
import { alignUp } from './interval.ts';

export function lowerBound(intervals: readonly Interval[], options: PlacementOptions = {}): number {
  const change = new Map<number, number>();
  for (const { id, byteLength, start, end } of intervals) {
    const size = alignUp(byteLength, options.alignmentOf?.(id) ?? 1);
    change.set(start, (change.get(start) ?? 0) + size);
    change.set(end, (change.get(end) ?? 0) - size);
  }
  let live = 0;
  let largest = 0;
  for (const time of [...change.keys()].sort((a, b) => a - b)) {
    live += change.get(time)!;
    largest = Math.max(largest, live);
  }
  return largest;
}
