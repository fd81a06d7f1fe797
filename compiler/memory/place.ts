/**
 * The step all greedy planners share: take the items in an order, and give each a gap between those of its neighbours
 * that already have an address. The gap is the lowest, the tightest or the highest. An item never moves once placed.
 */
import { alignDown, alignUp } from '../../runtime/format/alignment.ts';
import type { Items } from './items.ts';

/**
 * Which gap an item takes. `first`: the lowest that holds it. `best`: the smallest that holds it, the lowest among
 * equals (the open end is the last resort). `top`: the highest below `ceiling`, else as `first`.
 */
export type Fit = 'first' | 'best' | 'top';

/** Offset of an item that has none. */
const UNPLACED = -1;
/** Insertion sort up to here, the library's beyond. */
const SMALL = 24;
/** With more neighbours than this share of all items, filtering a sorted list of all beats sorting the neighbours. */
const DENSE = 1 / 12;

export class Placer {
  readonly items: Items;
  readonly offset: Float64Array;
  /** Placed neighbours of the item at hand, by offset. */
  private readonly near: Int32Array;
  /** All placed items by offset; kept in dense problems only. */
  private readonly placed: Int32Array;
  private readonly dense: boolean;
  private placedCount = 0;

  constructor(items: Items) {
    this.items = items;
    this.offset = new Float64Array(items.count);
    this.near = new Int32Array(items.count);
    this.placed = new Int32Array(items.count);
    const { neighbours, count } = items;
    this.dense = neighbours === null || neighbours.list.length > DENSE * count * count;
  }

  /** Places all items in `order` and returns the peak; the offsets are in `offset` until the next call. */
  place(order: Int32Array, fitOf: (item: number) => Fit, ceiling = Number.POSITIVE_INFINITY): number {
    this.offset.fill(UNPLACED);
    this.placedCount = 0;
    let peak = 0;
    for (let n = 0; n < order.length; n++) {
      const item = order[n]!;
      const offset = this.gap(item, fitOf(item), ceiling);
      this.offset[item] = offset;
      if (this.dense) this.insert(item, offset);
      const top = offset + this.items.size[item]!;
      if (top > peak) peak = top;
    }
    return peak;
  }

  private gap(item: number, fit: Fit, ceiling: number): number {
    const size = this.items.size[item]!;
    const alignment = this.items.alignment[item]!;
    const count = this.dense ? this.filterPlaced(item) : this.sortNeighbours(item);
    // `floor` is the end of everything seen so far: neighbours may overlap each other in address, not in time.
    let floor = 0;
    let found = UNPLACED;
    let foundSpace = Number.POSITIVE_INFINITY;
    for (let n = 0; n < count; n++) {
      const other = this.near[n]!;
      const offset = this.offset[other]!;
      if (offset - floor >= size) {
        if (fit === 'top') {
          const candidate = alignDown(Math.min(offset, ceiling) - size, alignment);
          if (candidate >= floor) found = candidate;
        } else {
          const candidate = alignUp(floor, alignment);
          const space = offset - floor;
          if (candidate + size <= offset && space < foundSpace) {
            if (fit === 'first') return candidate;
            found = candidate;
            foundSpace = space;
          }
        }
      }
      const top = offset + this.items.size[other]!;
      if (top > floor) floor = top;
    }
    if (fit === 'top') {
      const candidate = alignDown(ceiling - size, alignment);
      if (candidate >= floor) return candidate;
    }
    return found === UNPLACED ? alignUp(floor, alignment) : found;
  }

  private sortNeighbours(item: number): number {
    const { from, list } = this.items.neighbours!;
    const { offset, near } = this;
    let count = 0;
    for (let n = from[item]!; n < from[item + 1]!; n++) {
      if (offset[list[n]!] !== UNPLACED) near[count++] = list[n]!;
    }
    if (count > SMALL) {
      near.subarray(0, count).sort((a, b) => offset[a]! - offset[b]!);
      return count;
    }
    for (let n = 1; n < count; n++) {
      const other = near[n]!;
      let m = n - 1;
      while (m >= 0 && offset[near[m]!]! > offset[other]!) {
        near[m + 1] = near[m]!;
        m--;
      }
      near[m + 1] = other;
    }
    return count;
  }

  private filterPlaced(item: number): number {
    const { start, end } = this.items;
    const { near, placed } = this;
    const from = start[item]!;
    const to = end[item]!;
    let count = 0;
    for (let n = 0; n < this.placedCount; n++) {
      const other = placed[n]!;
      if (start[other]! < to && end[other]! > from) near[count++] = other;
    }
    return count;
  }

  private insert(item: number, offset: number): void {
    let low = 0;
    let high = this.placedCount;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.offset[this.placed[middle]!]! <= offset) low = middle + 1;
      else high = middle;
    }
    this.placed.copyWithin(low + 1, low, this.placedCount++);
    this.placed[low] = item;
  }
}
