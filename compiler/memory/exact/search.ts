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
import { State } from './state.ts';

export type Outcome = 'found' | 'impossible' | 'paused';

/** `nextPart` of a frame in which nothing is placed. */
const FRESH = -1;

export class Search {
  private readonly component: Component;
  private readonly state: State;
  private readonly rank: Int32Array;
  /** Of an identical item that must be placed before this one, or −1. */
  private readonly twin: Int32Array;

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
    const { count } = component;
    this.component = component;
    this.state = new State(component, capacity);
    this.rank = new Int32Array(count);
    order.forEach((i, n) => {
      this.rank[i] = n;
    });
    this.twin = twins(component, order);
    this.from = new Int32Array(count + 2);
    this.to = new Int32Array(count + 2);
    this.partsTo = new Int32Array(count + 2);
    this.nextPart = new Int32Array(count + 2);
    this.mark = new Int32Array(count + 2);
    this.free = new Int32Array(count + 2);
    this.chosen = new Int32Array(count + 2);
    this.pool = new Int32Array(16 * count + 64);
    for (let i = 0; i < count; i++) this.pool[i] = i;
    if (component.lowerBound > capacity) this.outcome = 'impossible';
    else this.enter(0, count);
  }

  get offset(): Float64Array {
    return this.state.offset;
  }

  get pressure(): Float64Array {
    return this.state.pressure;
  }

  /** See State.work. */
  get work(): number {
    return this.state.work;
  }

  /** Searches on until the outcome is known or `work` more has been done. */
  run(work: number): Outcome {
    const { state } = this;
    const until = state.work + work;
    while (this.outcome === 'paused' && state.work < until) this.advance();
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
    const { state } = this;
    const item = this.choose(d);
    this.mark[d] = state.mark;
    this.chosen[d] = item;
    if (state.low[item] === state.base[item] && state.place(item)) this.split(d, item);
    else {
      state.undo(this.mark[d]!);
      if (!state.lift(item)) this.fail();
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
      this.state.undo(this.mark[d]!);
      this.nextPart[d] = FRESH;
      if (this.state.lift(this.chosen[d]!)) return;
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
    const { rank, pool, twin } = this;
    const { low, placed } = this.state;
    let best = -1;
    let lowest = Number.POSITIVE_INFINITY;
    const to = this.to[d]!;
    this.state.work += to - this.from[d]!;
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
