/** Every interval its own place, in the order given: what memory would cost without planning. */
import { alignUp } from '../../runtime/format/alignment.ts';
import type { Planner } from './interval.ts';

export const naive: Planner = (intervals, options) => {
  const placement = new Map<number, number>();
  let top = 0;
  for (const { id, byteLength } of intervals) {
    const alignment = options.alignmentOf?.(id) ?? 1;
    const offset = alignUp(top, alignment);
    placement.set(id, offset);
    top = offset + alignUp(byteLength, alignment);
  }
  return placement;
};
