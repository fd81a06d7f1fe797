/** The exact planner: the least peak there is, or the best found within its work. */

import { bySize } from '../greedy-by-size.ts';
import type { Planner } from '../interval.ts';
import { itemsOf, placementOf } from '../items.ts';
import { Placer } from '../place.ts';
import { solveExact } from './solve.ts';

export { type ExactOptions, type ExactResult, solveExact } from './solve.ts';

/** Visits: about ten seconds. */
const WORK = 3e9;

export const exact: Planner = (intervals, options) => {
  const items = itemsOf(intervals, options);
  const placer = new Placer(items);
  placer.place(bySize(items), () => 'best');
  const target = options.target === undefined ? {} : { target: options.target };
  return placementOf(items, solveExact(items, placer.offset, { ...target, work: WORK }).offset);
};
