/**
 * Shared objects by minimum-cost flow (Lee et al. 2019, arXiv 1907.01989, §4.2). Each interval either gets memory of its
 * own, at the cost of its size, or takes over the memory of one that has ended. The second costs what it is larger by. One
 * unit of flow per interval; the network is bipartite, so the flow is an assignment, found by shortest augmenting paths.
 * Objects aren't split: what fits beside another tensor stays unused, and offset planners are mostly better.
 */
import { alignUp } from '../../runtime/format/alignment.ts';
import type { Planner } from './interval.ts';
import { type Items, itemsOf, orderBy, placementOf } from './items.ts';

export const minCostFlow: Planner = (intervals, options) => {
  const items = itemsOf(intervals, options);
  const { count, size, start, alignment } = items;
  const order = orderBy(count, (a, b) => start[a]! - start[b]!);
  const before = predecessors(items, order);
  // Chains of takers are objects; the object is as large as the largest of them.
  const object = new Int32Array(count);
  const bytes: number[] = [];
  const aligned: number[] = [];
  for (const i of order) {
    const from = before[i]!;
    if (from < 0) {
      object[i] = bytes.push(size[i]!) - 1;
      aligned.push(alignment[i]!);
      continue;
    }
    const shared = (object[i] = object[from]!);
    bytes[shared] = Math.max(bytes[shared]!, size[i]!);
    aligned[shared] = leastCommonMultiple(aligned[shared]!, alignment[i]!);
  }
  const base = new Float64Array(bytes.length);
  let top = 0;
  // Coarsest alignment first: between objects of falling alignment nothing is lost.
  for (const shared of orderBy(bytes.length, (a, b) => aligned[b]! - aligned[a]!)) {
    base[shared] = alignUp(top, aligned[shared]!);
    top = base[shared] + bytes[shared]!;
  }
  return placementOf(
    items,
    Float64Array.from(object, (shared) => base[shared]!),
  );
};

/**
 * For each item, the one whose memory it takes over, or −1 for fresh memory. Rows are added one at a time, each along
 * the cheapest alternating path (Dijkstra over reduced costs); a row's fresh memory is always free, so paths are short.
 */
function predecessors({ count, size, start, end }: Items, order: Int32Array): Int32Array {
  const takes = new Int32Array(count).fill(-1);
  const takenBy = new Int32Array(count).fill(-1);
  const price = new Float64Array(count);
  const rowPrice = new Float64Array(count);
  const distance = new Float64Array(count);
  const via = new Int32Array(count);
  const done = new Uint8Array(count);
  for (const row of order) {
    distance.fill(Number.POSITIVE_INFINITY);
    done.fill(0);
    let best = Number.POSITIVE_INFINITY;
    let bestRow = -1;
    let current = row;
    let length = 0;
    const rows = [row];
    const columns: number[] = [];
    let free = -1;
    rowPrice[row] = 0;
    for (;;) {
      // The path may end here, in fresh memory for `current` …
      const fresh = length + size[current]! - rowPrice[current]!;
      if (fresh < best) {
        best = fresh;
        bestRow = current;
      }
      // … or go on through any object that has ended in time.
      let next = -1;
      for (let u = 0; u < count; u++) {
        if (done[u] === 1) continue;
        if (end[u]! <= start[current]!) {
          const cost = Math.max(0, size[current]! - size[u]!);
          const through = length + cost - rowPrice[current]! - price[u]!;
          if (through < distance[u]!) {
            distance[u] = through;
            via[u] = current;
          }
        }
        if (next < 0 || distance[u]! < distance[next]!) next = u;
      }
      if (next < 0 || distance[next]! >= best) break;
      length = distance[next]!;
      done[next] = 1;
      columns.push(next);
      if (takenBy[next]! < 0) {
        free = next;
        best = length;
        break;
      }
      current = takenBy[next]!;
      rows.push(current);
    }
    for (const column of columns) price[column]! += Math.min(0, distance[column]! - best);
    rowPrice[row]! += best;
    for (const taken of rows) {
      const column = takes[taken]!;
      if (taken !== row && column >= 0) rowPrice[taken]! += best - distance[column]!;
    }
    // Shift the assignment along the path, from its end back to the new row.
    let column = free;
    if (free < 0) {
      column = takes[bestRow]!;
      takes[bestRow] = -1;
      if (bestRow === row) continue;
    }
    for (let shifted = -1; shifted !== row; ) {
      shifted = via[column]!;
      const released = takes[shifted]!;
      takes[shifted] = column;
      takenBy[column] = shifted;
      column = released;
    }
  }
  return takes;
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
