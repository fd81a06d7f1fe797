/**
 * Finds an order of nodes that needs less memory at its worst moment. The state after some nodes is the set of them,
 * because the set says what is live. Of two orders of one set only the one with the lower peak matters. The search goes
 * through sets of growing size.
 *
 * It is exact where branches are few: a series-parallel network between two points that everything passes has few sets.
 * Past a width it keeps the sets with the least live. A limit on the peak leaves out most sets; halving finds the limit.
 * Invariant: the work is bounded, the answer is the same every time, and its peak is below that of the given order.
 *
 * (Ahn et al., Ordering Chaos, 2020: sets of nodes as states, a budget that is halved.)
 */

import { type Extension, Model, type OrderProblem, type State } from './order-model.ts';

/** Extensions of sets by a node that one pass looks at, about. All passes over 1,000 nodes take less than a second. */
const WORK = 25_000;
/** Making a state costs as much as looking at this many extensions. */
const STATE_EXTENSIONS = 4;
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
  // A low limit leaves few sets. The first limit is the lowest possible peak, the next ones halve what is still open.
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
  /** For each number of nodes: the best extension that leads to a set of so many, by the set's key. */
  const best = Array.from({ length: count + 1 }, () => new Map<number, Extension>());
  const add = (size: number, extension: Extension): void => {
    const known = best[size]!.get(extension.key);
    if (known === undefined || isBetter(extension, known)) best[size]!.set(extension.key, extension);
  };
  const expand = (state: State, size: number): number => {
    let made = 1;
    for (const [i, node] of state.ready.entries()) {
      const extension = model.step(state, node, i);
      if (extension.peak > limit) continue;
      add(size + 1, extension);
      if (extension.live > state.live)
        made += descend(model, extension, limit, (length, end) => add(size + length, end));
    }
    return state.ready.length + made * (STATE_EXTENSIONS + count / 256);
  };
  let work = WORK - expand(model.start(), 0);
  for (let size = 1; size < count; size++) {
    const sets = [...best[size]!.values()].sort(
      (a, b) => a.live - b.live || a.peak - b.peak || a.skipped - b.skipped || a.node - b.node,
    );
    best[size]!.clear();
    // Narrow stretches use little of their share of the work; wide ones get the rest.
    const share = (4 * work) / (count - size);
    let spent = 0;
    for (let i = 0; i < sets.length && (i === 0 || spent < share); i++)
      spent += expand(model.apply(sets[i]!), size);
    work -= spent;
  }
  for (const last of best[count]!.values()) return model.pathTo(last);
  return null;
}

/**
 * After `start` more is live than before, so the search would drop its set. A later set of the same branch may hold
 * less. This follows the nodes that waited for `start` alone and reports the set with the least live. Returns how many
 * states were made.
 */
function descend(
  model: Model,
  start: Extension,
  limit: number,
  found: (length: number, end: Extension) => void,
): number {
  let extension = start;
  let best = start;
  let bestLength = 1;
  let length = 1;
  while (length < LONGEST_DESCENT) {
    const fresh = model.freed(extension);
    if (fresh.length !== 1) break;
    const state = model.apply(extension);
    extension = model.step(state, fresh[0]!);
    if (extension.peak > limit) break;
    length++;
    if (extension.live >= best.live) continue;
    best = extension;
    bestLength = length;
  }
  if (bestLength > 1) found(bestLength, best);
  return length - 1;
}

/** Compares two extensions that lead to the same set. */
const isBetter = (a: Extension, b: Extension): boolean =>
  a.peak < b.peak || (a.peak === b.peak && a.skipped < b.skipped);
