/**
 * Gergov's allocation (1999, as told by Buchsbaum et al., "OPT versus LOAD in dynamic storage allocation"). First every
 * interval falls onto the lowest stretch of the skyline it touches, even if it sticks out over higher ground. That leaves
 * overlaps, but no more height than is live. Then what overlaps is coloured, and each colour gets a slab of its own. The
 * peak is at most three times the optimum, which is a guarantee, and in practice worse than greedy, which has none.
 */
import { alignUp } from '../../runtime/format/alignment.ts';
import type { Planner } from './interval.ts';
import { type Items, itemsOf, orderBy, placementOf } from './items.ts';

interface Stretch {
  readonly height: number;
  readonly from: number;
  readonly to: number;
}

export const gergov: Planner = (intervals, options) => {
  const items = itemsOf(intervals, options);
  const { count, size, start, end } = items;
  const height = settle(items);
  const order = orderBy(count, (a, b) => height[a]! - height[b]! || start[a]! - start[b]!);
  const colour = new Int32Array(count).fill(-1);
  const slab: number[] = [];
  order.forEach((i, n) => {
    const used = new Set<number>();
    for (let m = 0; m < n; m++) {
      const other = order[m]!;
      const together = start[other]! < end[i]! && start[i]! < end[other]!;
      const meet = height[other]! < height[i]! + size[i]! && height[i]! < height[other]! + size[other]!;
      if (together && meet) used.add(colour[other]!);
    }
    let free = 0;
    while (used.has(free)) free++;
    colour[i] = free;
    slab[free] = Math.max(slab[free] ?? 0, height[i]! + size[i]!);
  });
  const alignment = items.alignment.reduce((a, b) => Math.max(a, b), 1);
  const base: number[] = [];
  let top = 0;
  for (const bytes of slab) {
    base.push(top);
    top = alignUp(top + bytes, alignment);
  }
  return placementOf(
    items,
    height.map((at, i) => base[colour[i]!]! + at),
  );
};

/** Heights in which every item lies on its part of the skyline, though others may cross it. */
function settle({ count, size, start, end, alignment }: Items): Float64Array {
  const height = new Float64Array(count);
  const left = new Set<number>(orderBy(count, (a, b) => start[a]! - start[b]!));
  let skyline: Stretch[] = [{ height: 0, from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }];
  while (left.size > 0) {
    const lowest = skyline.reduce((a, b) => (b.height < a.height ? b : a));
    skyline = skyline.filter((stretch) => stretch !== lowest);
    let item = -1;
    for (const i of left) {
      if (start[i]! < lowest.to && lowest.from < end[i]!) {
        item = i;
        break;
      }
    }
    if (item < 0) continue;
    left.delete(item);
    height[item] = alignUp(lowest.height, alignment[item]!);
    const from = Math.max(lowest.from, start[item]!);
    const to = Math.min(lowest.to, end[item]!);
    skyline.push({ height: height[item]! + size[item]!, from, to });
    if (lowest.from < from) skyline.push({ height: lowest.height, from: lowest.from, to: from });
    if (to < lowest.to) skyline.push({ height: lowest.height, from: to, to: lowest.to });
  }
  return height;
}
