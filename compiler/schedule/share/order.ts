/**
 * An order of nodes that needs less memory at its worst moment. The state after some nodes is the set of them: what
 * is live follows from it, so of two ways to the same set only the one with the lower peak matters, and the search
 * goes through sets of growing size. Where branches are few (a series-parallel network between two points that
 * everything passes has few sets) it is exact; past a width it keeps the sets with the least live. A limit on the peak
 * leaves out most sets; it is found by halving. Invariant: bounded work, the same answer every time, and an order is
 * returned only if its peak is below the given one's.
 *
 * (Ahn et al., Ordering Chaos, 2020: sets of nodes as states, a budget that is halved.)
 */

import { Model, type OrderProblem, type State, type Way } from './order-model.ts';

/** Ways from set to set that one pass looks at, about. All passes over 1,000 nodes take less than a second. */
const WORK = 25_000;
/** Making a state costs as much as so many ways. */
const STATE_WAYS = 4;
const PASSES = 6;
const LONGEST_DESCENT = 16;

/** Peak of an order (of the given one by default). */
export function peakOfOrder(problem: OrderProblem, order: Iterable<number> = problem.nodes.keys()): number {
  const model = new Model(problem);
  let state = model.start();
  for (const node of order) state = model.apply(model.step(state, node));
  return state.peak;
}

/** Node indices in an order with a lower peak than the given one's, or null where none is found. */
export function searchOrder(problem: OrderProblem): readonly number[] | null {
  const model = new Model(problem);
  let least = model.largestNode();
  let most = peakOfOrder(problem);
  let best: readonly number[] | null = null;
  // A low limit leaves few sets. The first is the one that nothing can be below; then the middle of what is open.
  for (let pass = 0, limit = least; pass < PASSES && limit < most; pass++) {
    const found = orderWithin(model, problem.nodes.length, limit);
    if (found === null) least = limit + 1;
    else {
      best = found;
      most = peakOfOrder(problem, found);
    }
    limit = Math.floor((least + most) / 2);
  }
  return best;
}

/** An order whose peak is at most `limit`, if one is found. */
function orderWithin(model: Model, count: number, limit: number): readonly number[] | null {
  /** The best ways to sets, by their key, by how many nodes are in them. */
  const ways = Array.from({ length: count + 1 }, () => new Map<number, Way>());
  const add = (size: number, way: Way): void => {
    const known = ways[size]!.get(way.key);
    if (known === undefined || isBetter(way, known)) ways[size]!.set(way.key, way);
  };
  const expand = (state: State, size: number): number => {
    let made = 1;
    for (const [i, node] of state.ready.entries()) {
      const way = model.step(state, node, i);
      if (way.peak > limit) continue;
      add(size + 1, way);
      if (way.live > state.live) made += descend(model, way, limit, (length, end) => add(size + length, end));
    }
    return state.ready.length + made * (STATE_WAYS + count / 256);
  };
  let work = WORK - expand(model.start(), 0);
  for (let size = 1; size < count; size++) {
    const sets = [...ways[size]!.values()].sort(
      (a, b) => a.live - b.live || a.peak - b.peak || a.skipped - b.skipped || a.node - b.node,
    );
    ways[size]!.clear();
    // What narrow stretches leave of the work goes to the wide ones.
    const share = (4 * work) / (count - size);
    let spent = 0;
    for (let i = 0; i < sets.length && (i === 0 || spent < share); i++)
      spent += expand(model.apply(sets[i]!), size);
    work -= spent;
  }
  for (const last of ways[count]!.values()) return model.pathTo(last);
  return null;
}

/**
 * On from a node after which more is live, along what only waited for it, to where least is live: sets on the way up
 * look bad to the search, the one in the valley does not. Returns how many states were made.
 */
function descend(model: Model, start: Way, limit: number, found: (length: number, end: Way) => void): number {
  let way = start;
  let best = start;
  let bestLength = 1;
  let length = 1;
  while (length < LONGEST_DESCENT) {
    const fresh = model.freed(way);
    if (fresh.length !== 1) break;
    const state = model.apply(way);
    way = model.step(state, fresh[0]!);
    if (way.peak > limit) break;
    length++;
    if (way.live >= best.live) continue;
    best = way;
    bestLength = length;
  }
  if (bestLength > 1) found(bestLength, best);
  return length - 1;
}

/** Of two ways to one set. */
const isBetter = (a: Way, b: Way): boolean => a.peak < b.peak || (a.peak === b.peak && a.skipped < b.skipped);
