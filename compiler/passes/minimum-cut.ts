/**
 * Minimum cut of a directed graph between a source and a sink, by maximum flow (Dinic 1970): O(V²E) at worst, near
 * linear on the shallow graphs of the layout pass. Of several minimum cuts it gives the one with the fewest vertices
 * on the source's side.
 */
export class MinimumCut {
  /** Edge e goes to #to[e]; e ^ 1 is its reverse. */
  readonly #to: number[] = [];
  readonly #capacity: number[] = [];
  readonly #edges: number[][] = [];

  readonly source = this.vertex();
  readonly sink = this.vertex();

  vertex(): number {
    return this.#edges.push([]) - 1;
  }

  /** To be paid if `from` ends on the source's side and `to` on the sink's; infinite for never. */
  edge(from: number, to: number, capacity: number): void {
    this.#edges[from]!.push(this.#to.push(to) - 1);
    this.#capacity.push(capacity);
    this.#edges[to]!.push(this.#to.push(from) - 1);
    this.#capacity.push(0);
  }

  /** The vertices on the source's side. */
  solve(): ReadonlySet<number> {
    for (;;) {
      const level = this.#levels();
      if (level[this.sink] === -1) {
        const side = new Set<number>();
        for (const [vertex, depth] of level.entries()) if (depth >= 0) side.add(vertex);
        return side;
      }
      this.#blockingFlow(level);
    }
  }

  /** Distance of each vertex from the source over edges with capacity left, −1 where it is not reached. */
  #levels(): Int32Array {
    const level = new Int32Array(this.#edges.length).fill(-1);
    level[this.source] = 0;
    const queue = [this.source];
    for (const vertex of queue)
      for (const edge of this.#edges[vertex]!) {
        const to = this.#to[edge]!;
        if (this.#capacity[edge]! <= 0 || level[to] !== -1) continue;
        level[to] = level[vertex]! + 1;
        queue.push(to);
      }
    return level;
  }

  /** Saturates every shortest path. Paths are walked without recursion: a network's are as long as it is deep. */
  #blockingFlow(level: Int32Array): void {
    const next = new Int32Array(this.#edges.length);
    const path: number[] = [];
    let vertex = this.source;
    for (;;) {
      if (vertex === this.sink) {
        const flow = Math.min(...path.map((edge) => this.#capacity[edge]!));
        for (const edge of path) {
          this.#capacity[edge]! -= flow;
          this.#capacity[edge ^ 1]! += flow;
        }
        // Resume in front of the first edge that is now full.
        const full = path.findIndex((edge) => this.#capacity[edge]! <= 0);
        vertex = this.#to[path[full]! ^ 1]!;
        path.length = full;
        continue;
      }
      const edge = this.#edges[vertex]![next[vertex]!];
      if (edge === undefined) {
        const back = path.pop();
        if (back === undefined) return;
        vertex = this.#to[back ^ 1]!;
        next[vertex]!++;
      } else if (this.#capacity[edge]! > 0 && level[this.#to[edge]!] === level[vertex]! + 1) {
        path.push(edge);
        vertex = this.#to[edge]!;
      } else next[vertex]!++;
    }
  }
}
