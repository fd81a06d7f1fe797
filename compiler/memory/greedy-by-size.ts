/**
 * Greedy by size (Pisarchyk & Lee 2020, §5.2): the largest first, each in the tightest (or lowest) gap its neighbours
 * in time leave. Equals the optimum on most chains, because the large tensors there meet only pairwise.
 */
import type { Planner } from './interval.ts';
import { type Items, itemsOf, orderBy, placementOf } from './items.ts';
import { type Fit, Placer } from './place.ts';

export const bySize = ({ count, size, start }: Items): Int32Array =>
  orderBy(count, (a, b) => size[b]! - size[a]! || start[a]! - start[b]!);

const planner =
  (fit: Fit): Planner =>
  (intervals, options) => {
    const items = itemsOf(intervals, options);
    const placer = new Placer(items);
    placer.place(bySize(items), () => fit);
    return placementOf(items, placer.offset);
  };

export const greedyBySize = planner('best');
export const greedyBySizeFirstGap = planner('first');
