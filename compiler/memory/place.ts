/**
 * The step all greedy planners share: take the items in an order, and give each the lowest, the tightest or the highest
 * gap between those of its neighbours that already have an address. An item never moves once placed.
 */
import { alignDown, alignUp } from './interval.ts';
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

export class Placer {
  readonly items: Items;
  readonly offset: Float64Array;
  private readonly sorted: Int32Array;

  constructor(items: Items) {
    this.items = items;
    this.offset = new Float64Array(items.count);
    this.sorted = new Int32Array(items.count);
  }

  /** Places all items in `order` and returns the peak; the offsets are in `offset` until the next call. */
  place(order: Int32Array, fitOf: (item: number) => Fit, ceiling = Number.POSITIVE_INFINITY): number {
    this.offset.fill(UNPLACED);
    let peak = 0;
    for (let n = 0; n < order.length; n++) {
      const item = order[n]!;
      const offset = this.gap(item, fitOf(item), ceiling);
      this.offset[item] = offset;
      const top = offset + this.items.size[item]!;
      if (top > peak) peak = top;
    }
    return peak;
  }

  private gap(item: number, fit: Fit, ceiling: number): number {
    const size = this.items.size[item]!;
    const alignment = this.items.alignment[item]!;
    const count = this.gatherNeighbours(item);
    if (fit === 'top') {
      const offset = this.highestGap(count, size, alignment, ceiling);
      if (offset >= 0) return offset;
    }
    // `floor` is the end of everything seen so far: neighbours may overlap each other in address, not in time.
    let floor = 0;
    let found = UNPLACED;
    let foundSpace = Number.POSITIVE_INFINITY;
    for (let n = 0; n < count; n++) {
      const other = this.sorted[n]!;
      const offset = this.offset[other]!;
      const candidate = alignUp(floor, alignment);
      const space = offset - floor;
      if (candidate + size <= offset && space < foundSpace) {
        if (fit !== 'best') return candidate;
        found = candidate;
        foundSpace = space;
      }
      const top = offset + this.items.size[other]!;
      if (top > floor) floor = top;
    }
    return found === UNPLACED ? alignUp(floor, alignment) : found;
  }

  /** Walks down from the ceiling; needs the tops, whose order differs from the offsets' among non-neighbours. */
  private highestGap(count: number, size: number, alignment: number, ceiling: number): number {
    let limit = ceiling;
    for (;;) {
      const candidate = alignDown(limit - size, alignment);
      if (candidate < 0) return UNPLACED;
      let lowered = limit;
      for (let n = count - 1; n >= 0; n--) {
        const other = this.sorted[n]!;
        const offset = this.offset[other]!;
        if (offset < candidate + size && offset + this.items.size[other]! > candidate) {
          lowered = Math.min(lowered, offset);
        }
      }
      if (lowered === limit) return candidate;
      limit = lowered;
    }
  }

  /** Fills `sorted` with the placed neighbours of an item in order of offset. */
  private gatherNeighbours(item: number): number {
    const { neighbours, start, end } = this.items;
    const { offset, sorted } = this;
    let count = 0;
    if (neighbours) {
      const to = neighbours.from[item + 1]!;
      for (let n = neighbours.from[item]!; n < to; n++) {
        const other = neighbours.list[n]!;
        if (offset[other] !== UNPLACED) sorted[count++] = other;
      }
    } else {
      for (let other = 0; other < this.items.count; other++) {
        if (offset[other] !== UNPLACED && start[other]! < end[item]! && end[other]! > start[item]!) {
          sorted[count++] = other;
        }
      }
    }
    if (count > SMALL) {
      sorted.subarray(0, count).sort((a, b) => offset[a]! - offset[b]!);
      return count;
    }
    for (let n = 1; n < count; n++) {
      const other = sorted[n]!;
      let m = n - 1;
      while (m >= 0 && offset[sorted[m]!]! > offset[other]!) {
        sorted[m + 1] = sorted[m]!;
        m--;
      }
      sorted[m + 1] = other;
    }
    return count;
  }
}
