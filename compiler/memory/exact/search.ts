/**
 * Depth-first search for a placement within a capacity, after MiniMalloc (Moffitt, ASPLOS '23). It builds canonical
 * placements: items from the lowest address up, each resting on what lies below it. Every placement can be pushed down
 * into a canonical one, so none is missed. One step takes the lowest item that is left: either it lies there, or it is
 * lifted onto something that is still to come. What is cut off, with the reason why nothing is lost:
 * - decomposition: where the items left fall apart in time, each part is searched alone, and a part that failed is not
 *   retried with other placements of its siblings;
 * - dominance: an item was lifted and all that is left around it would leave it room where it was: it could fall down;
 * - sections: the lowest floor of a section plus all that is left to place in it must stay within the capacity;
 * - twins: of items with the same span and size, the first lies lower.
 * The stack is explicit, so a search can be paused when its work is used up and continued later.
 */
import type { Component } from './component.ts';

export type Outcome = 'found' | 'impossible' | 'paused';

/** Kinds of trail entries. */
const LOW = 0;
const BASE = 1;
const FLOOR = 2;
const PLACED = 3;

/** `nextPart` of a frame in which nothing is placed. */
const FRESH = -1;

export class Search {
  readonly offset: Float64Array;
  /** How often each section could not hold what was left: where placing gets into trouble. */
  readonly pressure: Float64Array;
  /** Visits of items, neighbours and members so far: the measure of work, the same on every machine. */
  work = 0;
  private readonly component: Component;
  private readonly rank: Int32Array;
  private readonly capacity: number;
  private readonly aligned: boolean;
  /** Of an identical item that must be placed before this one, or −1. */
  private readonly twin: Int32Array;

  private readonly placed: Uint8Array;
  /** Top of what it would rest on now; and a lower bound of where it can end up. */
  private readonly base: Float64Array;
  private readonly low: Float64Array;
  /** Lowest `low` and sum of sizes of a section's items that are not placed. */
  private readonly floor: Float64Array;
  private readonly rest: Float64Array;
  private readonly dirty: Int32Array;
  private readonly isDirty: Uint8Array;
  private dirtyCount = 0;

  private trailCode = new Int32Array(1024);
  private trailValue = new Float64Array(1024);
  private trailLength = 0;

  /** A stack of lists: the items of each frame's part in order of start, and the bounds of the parts it fell into. */
  private pool: Int32Array;
  private depth = -1;
  private readonly from: Int32Array;
  private readonly to: Int32Array;
  private readonly partsTo: Int32Array;
  private readonly nextPart: Int32Array;
  private readonly mark: Int32Array;
  /** Where the lists of the frame's parts begin. */
  private readonly free: Int32Array;
  private readonly chosen: Int32Array;
  private outcome: Outcome = 'paused';

  /** `order`: which of two items that can be equally low is tried first. */
  constructor(component: Component, capacity: number, order: Int32Array) {
    const { count, sections } = component;
    this.component = component;
    this.capacity = capacity;
    this.rank = new Int32Array(count);
    order.forEach((i, n) => {
      this.rank[i] = n;
    });
    this.aligned = component.alignment.some((alignment) => alignment > 1);
    this.twin = twins(component, order);
    this.offset = new Float64Array(count);
    this.placed = new Uint8Array(count);
    this.base = new Float64Array(count);
    this.low = new Float64Array(count);
    this.floor = new Float64Array(sections);
    this.rest = new Float64Array(sections);
    for (let s = 0; s < sections; s++) {
      for (let m = component.memberFrom[s]!; m < component.memberFrom[s + 1]!; m++) {
        this.rest[s]! += component.size[component.member[m]!]!;
      }
    }
    this.dirty = new Int32Array(sections);
    this.isDirty = new Uint8Array(sections);
    this.from = new Int32Array(count + 2);
    this.to = new Int32Array(count + 2);
    this.partsTo = new Int32Array(count + 2);
    this.nextPart = new Int32Array(count + 2);
    this.mark = new Int32Array(count + 2);
    this.free = new Int32Array(count + 2);
    this.pressure = new Float64Array(sections);
    this.chosen = new Int32Array(count + 2);
    this.pool = new Int32Array(16 * count + 64);
    for (let i = 0; i < count; i++) this.pool[i] = i;
    if (component.lowerBound > capacity) this.outcome = 'impossible';
    else this.enter(0, count);
  }

  /** Searches on until the outcome is known or `work` more has been done. */
  run(work: number): Outcome {
    const until = this.work + work;
    while (this.outcome === 'paused' && this.work < until) this.advance();
    return this.outcome;
  }

  /** One step of the deepest frame: its next part if an item is placed, else the next item to decide. */
  private advance(): void {
    const d = this.depth;
    if (this.nextPart[d]! !== FRESH) {
      const at = this.nextPart[d]!;
      if (at < this.partsTo[d]!) {
        this.nextPart[d] = at + 2;
        this.enter(this.pool[at]!, this.pool[at + 1]!);
      } else this.succeed();
      return;
    }
    const item = this.choose(d);
    this.mark[d] = this.trailLength;
    this.chosen[d] = item;
    if (this.low[item] === this.base[item] && this.place(item)) this.split(d, item);
    else {
      this.undo(this.mark[d]!);
      if (!this.lift(item)) this.fail();
    }
  }

  private succeed(): void {
    this.depth--;
    if (this.depth < 0) this.outcome = 'found';
  }

  /** Gives up the deepest frame; in the frame below, what was placed is lifted instead. */
  private fail(): void {
    for (;;) {
      this.depth--;
      const d = this.depth;
      if (d < 0) {
        this.outcome = 'impossible';
        return;
      }
      this.undo(this.mark[d]!);
      this.nextPart[d] = FRESH;
      if (this.lift(this.chosen[d]!)) return;
    }
  }

  private enter(from: number, to: number): void {
    const d = ++this.depth;
    this.from[d] = from;
    this.to[d] = to;
    this.free[d] = d === 0 ? to : this.partsTo[d - 1]!;
    this.reserve(this.free[d]! + 3 * (to - from) + 4);
    this.nextPart[d] = FRESH;
    this.partsTo[d] = this.free[d]!;
  }

  /** The lowest item left; by rank among equals. */
  private choose(d: number): number {
    const { low, rank, pool, twin, placed } = this;
    let best = -1;
    let lowest = Number.POSITIVE_INFINITY;
    const to = this.to[d]!;
    this.work += to - this.from[d]!;
    for (let n = this.from[d]!; n < to; n++) {
      const i = pool[n]!;
      const at = low[i]!;
      if (at > lowest || (at === lowest && rank[i]! > rank[best]!)) continue;
      if (twin[i]! >= 0 && placed[twin[i]!] === 0) continue;
      lowest = at;
      best = i;
    }
    return best;
  }

  private reserve(length: number): void {
    if (length <= this.pool.length) return;
    const larger = new Int32Array(2 * length);
    larger.set(this.pool);
    this.pool = larger;
  }

  /** Raises an item that won't be placed where it could be now; false if it can't lie higher. */
  private lift(i: number): boolean {
    const { low, base, placed } = this;
    const { size, neighbourFrom, neighbour } = this.component;
    let least = Number.POSITIVE_INFINITY;
    let lowest = Number.POSITIVE_INFINITY;
    const end = neighbourFrom[i + 1]!;
    this.work += end - neighbourFrom[i]!;
    for (let m = neighbourFrom[i]!; m < end; m++) {
      const other = neighbour[m]!;
      if (placed[other] === 1) continue;
      if (low[other]! < lowest) lowest = low[other]!;
      const top = low[other]! + size[other]!;
      if (top < least) least = top;
    }
    // Everything to come would leave room for it where it could have been.
    if (lowest >= base[i]! + size[i]!) return this.settle(false);
    return this.settle(this.raise(i, least));
  }

  private place(item: number): boolean {
    const { base, low, rest, placed } = this;
    const { size, neighbourFrom, neighbour, firstSection, lastSection } = this.component;
    const offset = low[item]!;
    const top = offset + size[item]!;
    this.offset[item] = offset;
    this.record(PLACED, item, 0);
    placed[item] = 1;
    const last = lastSection[item]!;
    for (let s = firstSection[item]!; s <= last; s++) {
      rest[s]! -= size[item]!;
      if (this.floor[s] === offset) this.touch(s);
    }
    const end = neighbourFrom[item + 1]!;
    this.work += end - neighbourFrom[item]! + last - firstSection[item]!;
    for (let m = neighbourFrom[item]!; m < end; m++) {
      const other = neighbour[m]!;
      if (placed[other] === 1 || base[other]! >= top) continue;
      this.record(BASE, other, base[other]!);
      base[other] = this.align(other, top);
      if (low[other]! < base[other]! && !this.raise(other, top)) return this.settle(false);
    }
    return this.settle(true);
  }

  private align(item: number, offset: number): number {
    if (!this.aligned) return offset;
    const alignment = this.component.alignment[item]!;
    return Math.ceil(offset / alignment) * alignment;
  }

  private raise(item: number, offset: number): boolean {
    const { size, firstSection, lastSection } = this.component;
    const old = this.low[item]!;
    const low = this.align(item, offset);
    if (low <= old) return true;
    if (low + size[item]! > this.capacity) {
      const share = 1 / (lastSection[item]! - firstSection[item]! + 1);
      for (let s = firstSection[item]!; s <= lastSection[item]!; s++) this.pressure[s]! += share;
      return false;
    }
    this.record(LOW, item, old);
    this.low[item] = low;
    const last = lastSection[item]!;
    for (let s = firstSection[item]!; s <= last; s++) if (this.floor[s] === old) this.touch(s);
    return true;
  }

  private touch(section: number): void {
    if (this.isDirty[section] === 1) return;
    this.isDirty[section] = 1;
    this.dirty[this.dirtyCount++] = section;
  }

  /** Brings the floors of touched sections up to date; false if a section overflows. */
  private settle(sound: boolean): boolean {
    const { floor, low, placed } = this;
    const { memberFrom, member } = this.component;
    let fits = sound;
    for (let n = 0; n < this.dirtyCount; n++) {
      const s = this.dirty[n]!;
      this.isDirty[s] = 0;
      if (!fits) continue;
      let least = Number.POSITIVE_INFINITY;
      const end = memberFrom[s + 1]!;
      this.work += end - memberFrom[s]!;
      for (let m = memberFrom[s]!; m < end; m++) {
        const i = member[m]!;
        if (placed[i] === 0 && low[i]! < least) least = low[i]!;
      }
      if (least === floor[s] || least === Number.POSITIVE_INFINITY) continue;
      this.record(FLOOR, s, floor[s]!);
      floor[s] = least;
      if (least + this.rest[s]! > this.capacity) {
        fits = false;
        this.pressure[s]!++;
      }
    }
    this.dirtyCount = 0;
    return fits;
  }

  private record(kind: number, index: number, value: number): void {
    if (this.trailLength === this.trailCode.length) {
      const codes = new Int32Array(2 * this.trailLength);
      codes.set(this.trailCode);
      this.trailCode = codes;
      const values = new Float64Array(2 * this.trailLength);
      values.set(this.trailValue);
      this.trailValue = values;
    }
    this.trailCode[this.trailLength] = 4 * index + kind;
    this.trailValue[this.trailLength++] = value;
  }

  private undo(mark: number): void {
    const { trailCode, trailValue } = this;
    const { size, firstSection, lastSection } = this.component;
    while (this.trailLength > mark) {
      const n = --this.trailLength;
      const index = trailCode[n]! >> 2;
      switch (trailCode[n]! & 3) {
        case LOW:
          this.low[index] = trailValue[n]!;
          break;
        case BASE:
          this.base[index] = trailValue[n]!;
          break;
        case FLOOR:
          this.floor[index] = trailValue[n]!;
          break;
        default: {
          this.placed[index] = 0;
          const last = lastSection[index]!;
          for (let s = firstSection[index]!; s <= last; s++) this.rest[s]! += size[index]!;
        }
      }
    }
  }

  /** Lists the parts that the frame's items fall into without `item`. */
  private split(d: number, item: number): void {
    const { pool } = this;
    const { start, end } = this.component;
    const first = this.free[d]!;
    let at = first;
    let until = Number.NEGATIVE_INFINITY;
    const bounds: number[] = [];
    for (let n = this.from[d]!; n < this.to[d]!; n++) {
      const i = pool[n]!;
      if (i === item) continue;
      if (start[i]! >= until) bounds.push(at);
      if (end[i]! > until) until = end[i]!;
      pool[at++] = i;
    }
    bounds.push(at);
    this.nextPart[d] = at;
    for (let n = 0; n + 1 < bounds.length; n++) {
      pool[at++] = bounds[n]!;
      pool[at++] = bounds[n + 1]!;
    }
    this.partsTo[d] = at;
  }
}

/** Items with the same span and size are interchangeable: the one that comes first in `order` also lies lower. */
function twins({ start, end, size, alignment, count }: Component, order: Int32Array): Int32Array {
  const twin = new Int32Array(count).fill(-1);
  const known = new Map<string, number>();
  for (const i of order) {
    const key = `${start[i]} ${end[i]} ${size[i]} ${alignment[i]}`;
    twin[i] = known.get(key) ?? -1;
    known.set(key, i);
  }
  return twin;
}
