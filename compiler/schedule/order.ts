/**
 * An order of nodes that needs less memory at its worst moment. The state after some nodes is the set of them: what
 * is live follows from it, so of two ways to the same set only the one with the lower peak matters, and the search
 * goes through sets of growing size. Where branches are few (a series-parallel network between two points that
 * everything passes has few sets) it is exact; past a width it keeps the sets that look best. Invariant: bounded
 * work, the same answer every time, and an order is returned only if its peak is below the given one's.
 *
 * (Sets of nodes as states: Ahn et al., Ordering Chaos, 2020. Branch bound: the given order's peak.)
 */

export interface OrderNode {
  /** Buffers it reads or writes, each once. A buffer is held from the first node that has it to the last. */
  readonly buffers: readonly number[];
  /** Held during this node alone. */
  readonly extraBytes: number;
  /** Pairs: the second buffer needs no memory of its own if it begins here and the first ends here. */
  readonly takesOver: readonly (readonly [from: number, to: number])[];
  /** Nodes that come before it. */
  readonly after: readonly number[];
}

export interface OrderProblem {
  /** In the given order. */
  readonly nodes: readonly OrderNode[];
  readonly bytes: readonly number[];
  /** Buffers that are held from the start, and to the end. */
  readonly before: readonly number[];
  readonly until: readonly number[];
}

/** Sets times nodes that are looked at, about; a network of 1,000 nodes takes well below a second. */
const WORK = 64_000;
const WIDEST = 1024;
/** Ways from all sets of one size to the next. */
const MOST_EXPANSIONS = 16_384;

/** Peak of an order (of the given one by default). */
export function peakOfOrder(problem: OrderProblem, order: Iterable<number> = problem.nodes.keys()): number {
  const model = new Model(problem);
  let state = model.start();
  for (const node of order) state = model.apply(state, model.step(state, node));
  return state.peak;
}

/** Node indices in an order with a lower peak than the given one's, or null where none is found. */
export function searchOrder(problem: OrderProblem): readonly number[] | null {
  const model = new Model(problem);
  const given = peakOfOrder(problem);
  if (model.largestNode() >= given) return null;
  const count = problem.nodes.length;
  const width = Math.min(WIDEST, Math.max(8, Math.floor(WORK / count)));
  let states = [model.start()];
  for (let size = 0; size < count; size++) {
    const ways = states.reduce((sum, state) => sum + state.ready.length, 0);
    const kept = Math.max(1, Math.floor((states.length * MOST_EXPANSIONS) / Math.max(ways, MOST_EXPANSIONS)));
    const best = new Map<number, Way>();
    for (const state of states.slice(0, kept))
      for (const node of state.ready) {
        const way = model.step(state, node);
        if (way.peak >= given) continue;
        const known = best.get(way.key);
        if (known === undefined || isBetter(way, known)) best.set(way.key, way);
      }
    if (best.size === 0) return null;
    const sets = [...best.values()].sort(
      (a, b) => a.peak - b.peak || a.live - b.live || a.skipped - b.skipped || a.node - b.node,
    );
    states = sets.slice(0, width).map((way) => model.apply(way.from, way));
  }
  return model.pathTo(states[0]!);
}

/** Of two ways to one set. */
const isBetter = (a: Way, b: Way): boolean => a.peak < b.peak || (a.peak === b.peak && a.skipped < b.skipped);

/** A set of nodes that have run, and how. */
interface State {
  readonly from: State | null;
  readonly node: number;
  readonly peak: number;
  readonly live: number;
  /** How often a node was put off that the given order has first: of equal peaks the fewest. */
  readonly skipped: number;
  readonly key: number;
  /** Nodes that may run next, in the given order. */
  readonly ready: readonly number[];
  /** Nodes that each node still waits for, and nodes to come that have each buffer. */
  readonly waiting: Int32Array;
  readonly uses: Int32Array;
}

/** A state and one more node. */
interface Way {
  readonly from: State;
  readonly node: number;
  readonly peak: number;
  readonly live: number;
  readonly skipped: number;
  readonly key: number;
}

class Model {
  readonly #problem: OrderProblem;
  readonly #followers: readonly (readonly number[])[];
  readonly #uses: Int32Array;
  readonly #held: Uint8Array;
  readonly #keys: Float64Array;

  constructor(problem: OrderProblem) {
    this.#problem = problem;
    const { nodes, bytes } = problem;
    const followers = nodes.map((): number[] => []);
    for (const [i, node] of nodes.entries()) for (const other of node.after) followers[other]!.push(i);
    this.#followers = followers;
    this.#uses = new Int32Array(bytes.length);
    for (const { buffers } of nodes) for (const buffer of buffers) this.#uses[buffer]!++;
    for (const buffer of problem.until) this.#uses[buffer]!++;
    this.#held = new Uint8Array(bytes.length);
    for (const buffer of problem.before) this.#held[buffer] = 1;
    // A set's key is the exclusive or of its nodes' keys, kept in the 52 bits that a number holds exactly.
    let seed = 0x9e3779b9;
    const draw = (): number => {
      seed = (seed + 0x6d2b79f5) | 0;
      let x = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
      return (x ^ (x >>> 14)) >>> 0;
    };
    this.#keys = Float64Array.from({ length: 2 * nodes.length }, () => draw() & 0x3ffffff);
  }

  start(): State {
    const { nodes, before, bytes } = this.#problem;
    const waiting = Int32Array.from(nodes, (node) => node.after.length);
    const live = before.reduce((sum, buffer) => sum + bytes[buffer]!, 0);
    const ready = [...nodes.keys()].filter((i) => waiting[i] === 0);
    const state = { from: null, node: -1, peak: live, live, skipped: 0, key: 0, ready };
    return { ...state, waiting, uses: this.#uses.slice() };
  }

  /** Bytes that a node needs in any order. */
  largestNode(): number {
    const { nodes, bytes } = this.#problem;
    let largest = 0;
    for (const { buffers, extraBytes, takesOver } of nodes) {
      let sum = extraBytes;
      for (const buffer of buffers) sum += bytes[buffer]!;
      const saved = takesOver.map(([, to]) => bytes[to]!);
      largest = Math.max(largest, sum - Math.max(0, ...saved));
    }
    return largest;
  }

  step(from: State, node: number): Way {
    const { nodes, bytes } = this.#problem;
    const { buffers, extraBytes, takesOver } = nodes[node]!;
    let begun = 0;
    let ended = 0;
    for (const buffer of buffers) {
      if (!this.#isHeld(from, buffer)) begun += bytes[buffer]!;
      if (from.uses[buffer] === 1) ended += bytes[buffer]!;
    }
    const over = takesOver.find(
      ([x, y]) =>
        bytes[x] === bytes[y] && from.uses[x] === 1 && this.#isHeld(from, x) && !this.#isHeld(from, y),
    );
    const during = from.live + begun - (over ? bytes[over[1]]! : 0) + extraBytes;
    let skipped = from.skipped;
    for (const other of from.ready) if (other < node) skipped++;
    const high = Math.floor(from.key / 2 ** 26) ^ this.#keys[2 * node]!;
    const low = (from.key % 2 ** 26) ^ this.#keys[2 * node + 1]!;
    return {
      from,
      node,
      peak: Math.max(from.peak, during),
      live: from.live + begun - ended,
      skipped,
      key: high * 2 ** 26 + low,
    };
  }

  apply(from: State, way: Way): State {
    const { node } = way;
    const waiting = from.waiting.slice();
    const uses = from.uses.slice();
    for (const buffer of this.#problem.nodes[node]!.buffers) uses[buffer]!--;
    const ready = from.ready.filter((other) => other !== node);
    for (const follower of this.#followers[node]!) if (--waiting[follower]! === 0) ready.push(follower);
    ready.sort((a, b) => a - b);
    return { ...way, ready, waiting, uses };
  }

  pathTo(state: State): number[] {
    const order: number[] = [];
    for (let at: State | null = state; at !== null && at.node >= 0; at = at.from) order.push(at.node);
    return order.reverse();
  }

  #isHeld(state: State, buffer: number): boolean {
    return this.#held[buffer] === 1 || state.uses[buffer]! < this.#uses[buffer]!;
  }
}
