/** The order search against all orders of small graphs, and on graphs shaped like networks. */
import assert from 'node:assert/strict';
import { peakOfOrder, searchOrder } from '../../compiler/schedule/share/order.ts';
import type { OrderNode, OrderProblem } from '../../compiler/schedule/share/order-model.ts';
import { Random } from '../support/random.ts';

/** Node i writes buffer i and reads those of the nodes it comes after. */
function problemOf(
  sizes: readonly number[],
  reads: readonly (readonly number[])[],
  options: { extra?: readonly number[]; takesOver?: boolean } = {},
): OrderProblem {
  const read = new Set(reads.flat());
  const nodes = reads.map((after, i): OrderNode => {
    const takesOver = options.takesOver ? after.map((x): [number, number] => [x, i]) : [];
    return { buffers: [...after, i], after, takesOver, extraBytes: options.extra?.[i] ?? 0 };
  });
  return { nodes, bytes: sizes, before: [], until: [...sizes.keys()].filter((i) => !read.has(i)) };
}

function randomProblem(seed: number, count: number): OrderProblem {
  const random = new Random(seed);
  const reads = Array.from({ length: count }, (_, i) => {
    const all = [...Array(i).keys()].filter(() => random.integer(0, i) < 2);
    return all.slice(0, 3);
  });
  const sizes = reads.map(() => random.integer(0, 9));
  const extra = reads.map(() => random.integer(0, 3));
  return problemOf(sizes, reads, { extra, takesOver: random.integer(0, 1) === 1 });
}

function lowestPeak(problem: OrderProblem): number {
  const count = problem.nodes.length;
  let lowest = Number.POSITIVE_INFINITY;
  const walk = (order: number[], done: Set<number>): void => {
    if (order.length === count) lowest = Math.min(lowest, peakOfOrder(problem, order));
    for (let node = 0; node < count; node++) {
      if (done.has(node) || problem.nodes[node]!.after.some((other) => !done.has(other))) continue;
      walk([...order, node], new Set([...done, node]));
    }
  };
  walk([], new Set());
  return lowest;
}

function checkOrder(problem: OrderProblem): number {
  const given = peakOfOrder(problem);
  const order = searchOrder(problem);
  if (order === null) return given;
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    [...problem.nodes.keys()],
  );
  const place = new Map(order.map((node, i) => [node, i]));
  for (const [i, node] of problem.nodes.entries())
    for (const other of node.after) assert.ok(place.get(other)! < place.get(i)!);
  const peak = peakOfOrder(problem, order);
  assert.ok(peak < given);
  assert.deepEqual(searchOrder(problem), order);
  return peak;
}

/** Branches from one value to one concatenation: `lengths` nodes each, of `sizes`. */
function branches(stages: number, widths: readonly (readonly number[])[], joined: number): OrderProblem {
  const sizes = [joined];
  const reads: number[][] = [[]];
  for (let stage = 0; stage < stages; stage++) {
    const from = sizes.length - 1;
    const ends = widths.map((branch) => {
      let at = from;
      for (const size of branch) {
        reads.push([at]);
        at = sizes.push(size) - 1;
      }
      return at;
    });
    reads.push(ends);
    sizes.push(joined);
  }
  return problemOf(sizes, reads);
}

describe('order search', () => {
  it('finds the lowest peak of small graphs', () => {
    let lower = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const problem = randomProblem(seed, 3 + (seed % 5));
      const found = checkOrder(problem);
      assert.equal(found, lowestPeak(problem), `seed ${seed}`);
      if (found < peakOfOrder(problem)) lower++;
    }
    assert.ok(lower > 30, `${lower}`);
  });

  it('is never worse on larger ones', () => {
    for (let seed = 1; seed <= 8; seed++) checkOrder(randomProblem(seed, 16 + 4 * seed));
  });

  it('runs the branch with the largest intermediate value first', () => {
    // Given: the branch that ends in 4 first, so that it is held while the other needs 20.
    const problem = branches(
      3,
      [
        [1, 4],
        [20, 1],
      ],
      5,
    );
    assert.equal(peakOfOrder(problem), 5 + 4 + 20);
    assert.equal(checkOrder(problem), 5 + 20 + 1);
  });

  it('keeps an order that cannot be bettered', () => {
    assert.equal(searchOrder(branches(8, [[64], [64, 64], [16, 64], [64]], 256)), null);
    const chain = problemOf([1, 5, 2, 8, 3], [[], [0], [1], [2], [3]]);
    assert.equal(searchOrder(chain), null);
  });

  it('knows what takes over memory', () => {
    // Both ways need 2 + 1 + 1 at the end; the sum in place needs no more.
    const reads = [[], [0], [0], [1, 2]];
    assert.equal(peakOfOrder(problemOf([2, 2, 2, 2], reads, { takesOver: true })), 4);
    assert.equal(peakOfOrder(problemOf([2, 2, 2, 2], reads)), 6);
  });

  it('goes through a thousand nodes', () => {
    const inception = branches(
      70,
      [
        [3, 8],
        [9, 2, 6],
        [40, 1],
        [4, 4, 4, 4],
      ],
      24,
    );
    assert.ok(inception.nodes.length > 800);
    assert.ok(checkOrder(inception) < peakOfOrder(inception));
    checkOrder(randomProblem(5, 1000));
    const wide = problemOf(
      [1, ...Array.from({ length: 1000 }, (_, i) => i % 7), 1],
      [[], ...Array.from({ length: 1000 }, () => [0]), Array.from({ length: 1000 }, (_, i) => i + 1)],
    );
    checkOrder(wide);
  });
});
