/**
 * Greedy by breadth (Pisarchyk & Lee 2020, §5.1): the busiest times first, and at each the largest intervals first.
 * `live` counts everything held at a time; `touched` only what begins or ends there, which is how MemoMalloc reads
 * "the tensors of an operator". They differ where long-lived values bridge a busy time.
 */
import type { Planner } from './interval.ts';
import { type Items, itemsOf, orderBy, placementOf } from './items.ts';
import { type Fit, Placer } from './place.ts';

export function byBreadth(items: Items, counted: 'live' | 'touched'): Int32Array {
  const { count, size, start, end } = items;
  const times = [...new Set([...start, ...end.map((time) => time - 1)])].sort((a, b) => a - b);
  const index = new Map(times.map((time, n) => [time, n]));
  const breadth = new Float64Array(times.length + 1);
  for (let i = 0; i < count; i++) {
    const from = index.get(start[i]!)!;
    const to = index.get(end[i]! - 1)!;
    if (counted === 'live') {
      breadth[from]! += size[i]!;
      breadth[to + 1]! -= size[i]!;
    } else {
      breadth[from]! += size[i]!;
      if (to !== from) breadth[to]! += size[i]!;
    }
  }
  if (counted === 'live') for (let n = 1; n < breadth.length; n++) breadth[n]! += breadth[n - 1]!;
  // An item's turn comes with the busiest time that counts it, so ranking the items by it is the planner's loop.
  const ranked = orderBy(times.length, (a, b) => breadth[b]! - breadth[a]!);
  const rank = new Int32Array(times.length);
  ranked.forEach((n, position) => {
    rank[n] = position;
  });
  const turn = new Int32Array(count);
  const smallest = counted === 'live' ? rangeMinimum(rank) : null;
  for (let i = 0; i < count; i++) {
    const from = index.get(start[i]!)!;
    const to = index.get(end[i]! - 1)!;
    turn[i] = smallest ? smallest(from, to) : Math.min(rank[from]!, rank[to]!);
  }
  return orderBy(count, (a, b) => turn[a]! - turn[b]! || size[b]! - size[a]! || start[a]! - start[b]!);
}

/** Smallest of rank[from … to] in constant time: tables of minima over runs of 1, 2, 4, … */
function rangeMinimum(rank: Int32Array): (from: number, to: number) => number {
  const tables = [rank];
  for (let run = 1; 2 * run <= rank.length; run *= 2) {
    const half = tables[tables.length - 1]!;
    tables.push(
      Int32Array.from({ length: rank.length - 2 * run + 1 }, (_, n) => Math.min(half[n]!, half[n + run]!)),
    );
  }
  return (from, to) => {
    const level = 31 - Math.clz32(to - from + 1);
    const table = tables[level]!;
    return Math.min(table[from]!, table[to + 1 - 2 ** level]!);
  };
}

const planner =
  (counted: 'live' | 'touched', fit: Fit): Planner =>
  (intervals, options) => {
    const items = itemsOf(intervals, options);
    const placer = new Placer(items);
    placer.place(byBreadth(items, counted), () => fit);
    return placementOf(items, placer.offset);
  };

export const greedyByBreadth = planner('live', 'best');
export const greedyByBreadthFirstGap = planner('live', 'first');
export const greedyByTouchedBreadth = planner('touched', 'best');
