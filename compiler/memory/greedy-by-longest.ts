/**
 * Greedy by longest lifetime, then size (the second family of MemoMalloc, arXiv 2203.00448): what lives long lies at
 * the bottom, where it doesn't split the space that short-lived values share.
 */
import type { Planner } from './interval.ts';
import { type Items, itemsOf, orderBy, placementOf } from './items.ts';
import { type Fit, Placer } from './place.ts';

export const byLongest = ({ count, size, start, end }: Items): Int32Array =>
  orderBy(
    count,
    (a, b) => end[b]! - start[b]! - (end[a]! - start[a]!) || size[b]! - size[a]! || start[a]! - start[b]!,
  );

const planner =
  (fit: Fit): Planner =>
  (intervals, options) => {
    const items = itemsOf(intervals, options);
    const placer = new Placer(items);
    placer.place(byLongest(items), () => fit);
    return placementOf(items, placer.offset);
  };

export const greedyByLongest = planner('best');
export const greedyByLongestFirstGap = planner('first');
