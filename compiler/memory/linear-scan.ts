/**
 * Linear scan (Wimmer & Franz): intervals in order of start, each in the tightest gap among those live at that moment. A
 * best-fit allocator would do the same at run time. It is also the order in which a ring buffer emerges.
 */
import type { Planner } from './interval.ts';
import { type Items, itemsOf, orderBy, placementOf } from './items.ts';
import { type Fit, Placer } from './place.ts';

export const byStart = ({ count, size, start }: Items): Int32Array =>
  orderBy(count, (a, b) => start[a]! - start[b]! || size[b]! - size[a]!);

const planner =
  (fit: Fit): Planner =>
  (intervals, options) => {
    const items = itemsOf(intervals, options);
    const placer = new Placer(items);
    placer.place(byStart(items), () => fit);
    return placementOf(items, placer.offset);
  };

export const linearScan = planner('best');
export const linearScanFirstGap = planner('first');
