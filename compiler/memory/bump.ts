/**
 * Bump allocation: one after the other in order of start, back to zero whenever nothing is live (MemoMalloc, arXiv
 * 2203.00448). The cheapest allocator there is at run time, and the measure of what reuse is worth.
 */
import { alignUp } from '../../runtime/format/alignment.ts';
import type { Planner } from './interval.ts';
import { itemsOf, orderBy, placementOf } from './items.ts';

export const bump: Planner = (intervals, options) => {
  const items = itemsOf(intervals, options);
  const { count, start, end, size, alignment } = items;
  const offset = new Float64Array(count);
  let top = 0;
  let liveUntil = Number.NEGATIVE_INFINITY;
  for (const i of orderBy(count, (a, b) => start[a]! - start[b]!)) {
    if (start[i]! >= liveUntil) top = 0;
    offset[i] = alignUp(top, alignment[i]!);
    top = offset[i]! + size[i]!;
    liveUntil = Math.max(liveUntil, end[i]!);
  }
  return placementOf(items, offset);
};
