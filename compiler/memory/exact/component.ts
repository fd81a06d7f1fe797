/**
 * What the exact search works on: the items of one stretch of time, with the sections they span. A section is a maximal
 * set of items live at one moment. Every condition on a placement is one on sections, and there are at most as many
 * sections as items. Stretches that share no item are separate problems. Sizes are divided by their common divisor.
 */
import { type Items, orderBy } from '../items.ts';

export interface Component {
  readonly count: number;
  /** Index of each in the Items it came from; in order of start. */
  readonly item: Int32Array;
  /** In units of `unit` bytes, as every offset. */
  readonly size: Float64Array;
  readonly alignment: Float64Array;
  readonly unit: number;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Sections of item i: firstSection[i] … lastSection[i]. */
  readonly firstSection: Int32Array;
  readonly lastSection: Int32Array;
  readonly sections: number;
  /** Items of section s: member[memberFrom[s]] … member[memberFrom[s + 1] − 1]. */
  readonly memberFrom: Int32Array;
  readonly member: Int32Array;
  /** Neighbours in time, in the same form. */
  readonly neighbourFrom: Int32Array;
  readonly neighbour: Int32Array;
  /** Largest sum of a section. */
  readonly lowerBound: number;
}

export function componentsOf(items: Items): readonly Component[] {
  const { count, start, end, size } = items;
  const unit = unitOf(items);
  const byStart = orderBy(count, (a, b) => start[a]! - start[b]!).filter((item) => size[item]! > 0);
  const components: Component[] = [];
  let from = 0;
  let until = Number.NEGATIVE_INFINITY;
  byStart.forEach((item, n) => {
    if (n > from && start[item]! >= until) {
      components.push(componentOf(items, byStart.slice(from, n), unit));
      from = n;
    }
    until = Math.max(until, end[item]!);
  });
  if (byStart.length > from) components.push(componentOf(items, byStart.slice(from), unit));
  return components;
}

/** Every offset of a canonical placement is a sum of sizes, rounded to alignments: a multiple of this. */
export function unitOf({ count, size, alignment }: Items): number {
  let unit = 0;
  for (let i = 0; i < count; i++)
    unit = divisor(divisor(unit, size[i]!), alignment[i] === 1 ? 0 : alignment[i]!);
  return unit || 1;
}

const divisor = (a: number, b: number): number => {
  while (b > 0) [a, b] = [b, a % b];
  return a;
};

function componentOf(items: Items, item: Int32Array, unit: number): Component {
  const count = item.length;
  const start = Float64Array.from(item, (i) => items.start[i]!);
  const end = Float64Array.from(item, (i) => items.end[i]!);
  const size = Float64Array.from(item, (i) => items.size[i]! / unit);
  const firstSection = new Int32Array(count);
  const lastSection = new Int32Array(count);
  const members: Int32Array[] = [];
  const neighbours: number[][] = Array.from({ length: count }, () => []);
  let active: number[] = [];
  // A section is complete when something ends before the next begins: only then is the set of live items maximal.
  const close = (): void => {
    for (const i of active) lastSection[i] = members.length;
    members.push(Int32Array.from(active));
  };
  for (let n = 0; n < count; n++) {
    const still = active.filter((other) => end[other]! > start[n]!);
    if (still.length < active.length) close();
    active = still;
    for (const other of active) {
      neighbours[n]!.push(other);
      neighbours[other]!.push(n);
    }
    firstSection[n] = members.length;
    active.push(n);
  }
  close();
  const [memberFrom, member] = flatten(members);
  const [neighbourFrom, neighbour] = flatten(neighbours);
  const sums = members.map((list) => list.reduce((sum, i) => sum + size[i]!, 0));
  return {
    count,
    item,
    size,
    alignment: Float64Array.from(item, (i) => Math.max(1, items.alignment[i]! / unit)),
    unit,
    start,
    end,
    firstSection,
    lastSection,
    sections: members.length,
    memberFrom,
    member,
    neighbourFrom,
    neighbour,
    lowerBound: sums.reduce((most, sum) => Math.max(most, sum), 0),
  };
}

function flatten(lists: readonly ArrayLike<number>[]): readonly [Int32Array, Int32Array] {
  const from = new Int32Array(lists.length + 1);
  lists.forEach((list, n) => {
    from[n + 1] = from[n]! + list.length;
  });
  const flat = new Int32Array(from[lists.length]!);
  lists.forEach((list, n) => {
    flat.set(list as number[], from[n]!);
  });
  return [from, flat];
}
