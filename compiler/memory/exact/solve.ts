/**
 * Finds the least peak: it asks the search for placements within one capacity after another. The first question is the
 * goal, which can mostly be reached. The next ones lie between what is known to be impossible and what has been found.
 * Each question gets a share of the work over many orders; unanswered ones are asked again with more. Everything is
 * counted in work, so without `expired` the answer is the same on every machine.
 */
import type { Items } from '../items.ts';
import { type Component, componentsOf } from './component.ts';
import { Orders } from './orders.ts';
import { type Outcome, Search } from './search.ts';

export interface ExactOptions {
  /** A peak that is good enough; by default only the least is. */
  readonly target?: number;
  /** Limit, in visits (see Search.work): some 3e8 per second. */
  readonly work: number;
  /** Asked now and then; true ends the search with what it has. */
  expired?(): boolean;
}

export interface ExactResult {
  readonly offset: Float64Array;
  readonly peak: number;
  /** No placement is smaller: the largest live sum, or more where the search has excluded it. */
  readonly lowerBound: number;
  readonly work: number;
}

/** Stretches of time with more items than this are left as they came: the search would need too much memory. */
const MAX_COUNT = 4096;
const MAX_NEIGHBOURS = 2 ** 22;
/** Work of the shortest try of an order, per item. */
const TRY = 4000;
/** Tries for each question of the first round, and their growth from round to round. */
const FIRST_TRIES = 40;
const GROWTH = 8;
const CHUNK = 2 ** 22;

/** What is known about one component, in its units. */
interface State {
  readonly component: Component;
  readonly orders: Orders;
  low: number;
  best: number;
  offset: Float64Array;
}

/** Improves on the placement `offset`. */
export function solveExact(items: Items, offset: Float64Array, options: ExactOptions): ExactResult {
  if ((items.neighbours?.list.length ?? Number.POSITIVE_INFINITY) > MAX_NEIGHBOURS) {
    const peak = offset.reduce((top, at, i) => Math.max(top, at + items.size[i]!), 0);
    return { offset, peak, lowerBound: items.lowerBound, work: 0 };
  }
  let left = options.work;
  const expired = (): boolean => left <= 0 || options.expired?.() === true;
  const states = componentsOf(items).map((component) => stateOf(component, offset));
  const unit = states[0]?.component.unit ?? 1;
  const target = Math.floor((options.target ?? 0) / unit);
  const least = (): number => states.reduce((most, { low }) => Math.max(most, low), 0);
  const peak = (): number => states.reduce((most, { best }) => Math.max(most, best), 0);
  const goal = (): number => Math.max(target, least());

  /** Whether everything fits in `capacity`, as far as `tries` tell. */
  const ask = (capacity: number, tries: number): Outcome => {
    for (const state of states) {
      const { component, orders } = state;
      if (state.best <= capacity) continue;
      if (component.count > MAX_COUNT) return 'paused';
      let answer: Outcome = 'paused';
      for (let n = 0, used = 0; used < tries && answer === 'paused'; n++) {
        const length = lengthOf(n + 1);
        used += length;
        const search = new Search(component, capacity, orders.at(n));
        for (let work = TRY * component.count * length; work > 0 && answer === 'paused'; work -= CHUNK) {
          if (left - search.work <= 0 || expired()) return 'paused';
          answer = search.run(Math.min(work, CHUNK, left - search.work));
        }
        left -= search.work + 8 * component.count;
        orders.learn(search.pressure);
        if (answer === 'found') {
          state.offset = search.offset;
          state.best = topOf(component, search.offset);
        } else if (answer === 'impossible') state.low = Math.max(state.low, capacity + 1);
      }
      if (answer !== 'found') return answer;
    }
    return 'found';
  };

  for (let tries = FIRST_TRIES; peak() > goal() && !expired(); tries *= GROWTH) {
    // What is below `open` isn't expected of this round any more, though it may not be impossible.
    let open = goal();
    let capacity = open;
    let share = tries;
    while (open < peak() && peak() > goal() && !expired()) {
      const before = goal();
      if (ask(capacity, share) !== 'found') open = capacity + 1;
      open = Math.max(open, goal());
      // With a target only the target is asked again. One look at the capacities above it is enough: it finds a good
      // answer for the case that the target can't be reached.
      if (options.target !== undefined && tries > FIRST_TRIES && before === goal()) break;
      // All questions between take a quarter of the goal's work. Where the goal was excluded, the next goal is asked.
      share = before < goal() ? tries : Math.max(FIRST_TRIES / 4, tries / 4 / Math.log2(2 + peak() - open));
      capacity = before < goal() ? goal() : Math.floor((open + peak() - 1) / 2);
    }
    if (states.some(({ component, best }) => component.count > MAX_COUNT && best > goal())) break;
  }
  const result = new Float64Array(offset.length);
  for (const { component, offset: found } of states) {
    component.item.forEach((item, i) => {
      result[item] = found[i]! * unit;
    });
  }
  return { offset: result, peak: peak() * unit, lowerBound: least() * unit, work: options.work - left };
}

function stateOf(component: Component, offset: Float64Array): State {
  const given = Float64Array.from(component.item, (i) => offset[i]! / component.unit);
  return {
    component,
    orders: new Orders(component),
    low: component.lowerBound,
    best: topOf(component, given),
    offset: given,
  };
}

const topOf = ({ size }: Component, offset: Float64Array): number =>
  offset.reduce((top, at, i) => Math.max(top, at + size[i]!), 0);

/** Mostly 1, every 16th 4, every 256th 16, …: most of the work goes to short tries, and yet no length is too long. */
function lengthOf(n: number): number {
  let length = 1;
  for (let left = n; left % 16 === 0; left /= 16) length *= 4;
  return length;
}
