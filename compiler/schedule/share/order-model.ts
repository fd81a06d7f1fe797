/**
 * The memory that an order of nodes needs. A buffer is held from the first node that has it to the last. What one more
 * node adds to a set of nodes is found by counting. The search over such extensions is `order.ts`.
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

/** A set of nodes that have run, and the order in which they ran. */
export interface State {
  readonly from: State | null;
  readonly node: number;
  readonly peak: number;
  readonly live: number;
  /** How often the order put off a node that the given order has earlier. Of two equal peaks the smaller count wins. */
  readonly skipped: number;
  readonly key: number;
  /** Nodes that may run next, in the given order. */
  readonly ready: readonly number[];
  /** For each node: how many nodes it still waits for. `uses`, for each buffer: how many nodes to come have it. */
  readonly waiting: Int32Array;
  readonly uses: Int32Array;
}

/** A state and one more node, before the new state is made: making states is what costs. */
export interface Extension {
  readonly from: State;
  readonly node: number;
  readonly peak: number;
  readonly live: number;
  readonly skipped: number;
  readonly key: number;
}

export class Model {
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
    // A set's key is the exclusive or of its nodes' keys, 52 bits that a number holds exactly, in two halves.
    let seed = 1;
    const draw = (): number => {
      seed = (seed + 0x6d2b79f5) | 0;
      const x = Math.imul(seed ^ (seed >>> 15), seed | 1);
      return (x ^ (x >>> 14)) & 0x3ffffff;
    };
    this.#keys = Float64Array.from({ length: 2 * nodes.length }, draw);
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

  /** `place`: where the node is among those that are ready. */
  step(from: State, node: number, place = from.ready.indexOf(node)): Extension {
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
    const high = Math.floor(from.key / 2 ** 26) ^ this.#keys[2 * node]!;
    const low = (from.key % 2 ** 26) ^ this.#keys[2 * node + 1]!;
    return {
      from,
      node,
      peak: Math.max(from.peak, during),
      live: from.live + begun - ended,
      skipped: from.skipped + place,
      key: high * 2 ** 26 + low,
    };
  }

  apply(extension: Extension): State {
    const { from, node } = extension;
    const waiting = from.waiting.slice();
    const uses = from.uses.slice();
    for (const buffer of this.#problem.nodes[node]!.buffers) uses[buffer]!--;
    const ready = from.ready.filter((other) => other !== node);
    for (const follower of this.#followers[node]!) {
      if (--waiting[follower]! !== 0) continue;
      let place = ready.length;
      while (place > 0 && ready[place - 1]! > follower) place--;
      ready.splice(place, 0, follower);
    }
    return { ...extension, ready, waiting, uses };
  }

  /** Nodes that waited for this one alone. */
  freed({ from, node }: Extension): readonly number[] {
    return this.#followers[node]!.filter((follower) => from.waiting[follower] === 1);
  }

  pathTo(extension: Extension): number[] {
    const order: number[] = [];
    for (let at: Extension | State | null = extension; at !== null && at.node >= 0; at = at.from)
      order.push(at.node);
    return order.reverse();
  }

  #isHeld(state: State, buffer: number): boolean {
    return this.#held[buffer] === 1 || state.uses[buffer]! < this.#uses[buffer]!;
  }
}
