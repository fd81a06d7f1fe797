/**
 * Local search over the order in which a greedy planner takes the items ("squeaky wheel": what came out too high goes
 * earlier). Most of the gap that greedy leaves closes after moving one or two items, so the search is short. It is bounded
 * in work and seeded: the same intervals always give the same placement.
 */
import { byBreadth } from './greedy-by-breadth.ts';
import type { Planner } from './interval.ts';
import { type Items, itemsOf, placementOf } from './items.ts';
import { type Fit, Placer } from './place.ts';

/** Work of one improvement, in neighbour visits; about a second on one core. */
const WORK = 6e7;
const MAX_ROUNDS = 4000;
/** Rounds without progress after which the search goes back to the best order and shakes it. */
const PATIENCE = 60;

export interface Improved {
  readonly offset: Float64Array;
  readonly peak: number;
}

/** 32-bit xorshift: reproducible everywhere, which Math.random is not. */
export function randomStream(seed: number): (below: number) => number {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

export function improve(
  items: Items,
  initial: Int32Array,
  fitOf: (item: number) => Fit,
  target: number,
  options: { readonly ceiling?: number; readonly work?: number; readonly seed?: number } = {},
): Improved {
  const ceiling = options.ceiling ?? Number.POSITIVE_INFINITY;
  const placer = new Placer(items);
  const random = randomStream(options.seed ?? 0x9e3779b9);
  const perRound = 8 * items.count + (items.neighbours?.list.length ?? items.count * items.count);
  const rounds = Math.min(MAX_ROUNDS, Math.floor((options.work ?? WORK) / perRound));

  const order = initial.slice();
  let peak = placer.place(order, fitOf, ceiling);
  let cost = costOf(items, placer.offset, target, peak);
  let bestPeak = peak;
  let best = placer.offset.slice();
  const bestOrder = order.slice();
  let idle = 0;
  const previous = order.slice();
  for (let round = 0; round < rounds && bestPeak > target; round++) {
    previous.set(order);
    if (idle >= PATIENCE) {
      order.set(bestOrder);
      for (let n = 0; n < 3; n++) moveEarlier(order, 1 + random(order.length - 1), random);
      idle = 0;
      cost = Number.POSITIVE_INFINITY;
    } else {
      moveEarlier(order, positionOfBlame(items, placer.offset, order, target, random), random);
    }
    peak = placer.place(order, fitOf, ceiling);
    const newCost = costOf(items, placer.offset, target, peak);
    idle = newCost < cost ? 0 : idle + 1;
    if (newCost <= cost) cost = newCost;
    else order.set(previous);
    if (peak < bestPeak) {
      bestPeak = peak;
      best = placer.offset.slice();
      bestOrder.set(order);
    }
  }
  return { offset: best, peak: bestPeak };
}

/** The peak first; then how much lies above the target, which shows progress that the peak alone hides. */
function costOf(items: Items, offset: Float64Array, target: number, peak: number): number {
  let above = 0;
  for (let i = 0; i < items.count; i++) {
    above += Math.max(0, offset[i]! + items.size[i]! - target);
  }
  return peak + above / (items.count + 1);
}

/** Position in the order of a random one of the items that reach above the target. */
function positionOfBlame(
  items: Items,
  offset: Float64Array,
  order: Int32Array,
  target: number,
  random: (below: number) => number,
): number {
  let seen = 0;
  let chosen = order.length - 1;
  for (let n = 1; n < order.length; n++) {
    const item = order[n]!;
    if (offset[item]! + items.size[item]! > target && random(++seen) === 0) chosen = n;
  }
  return chosen;
}

/** Moves one entry to a random earlier position, nearer ones more often than far ones. */
function moveEarlier(order: Int32Array, position: number, random: (below: number) => number): void {
  if (position <= 0) return;
  const to = random(2) === 0 ? random(position) : Math.max(0, position - 1 - random(Math.min(position, 16)));
  const item = order[position]!;
  order.copyWithin(to + 1, to, position);
  order[to] = item;
}

/** From the order by breadth, which is the best start on most networks. */
export const localSearch: Planner = (intervals, options) => {
  const items = itemsOf(intervals, options);
  const target = Math.max(items.lowerBound, options.target ?? 0);
  return placementOf(items, improve(items, byBreadth(items, 'live'), () => 'first', target).offset);
};
