/** Minimum cuts against all ways to cut small random graphs. */
import assert from 'node:assert/strict';
import { MinimumCut } from '../../compiler/passes/minimum-cut.ts';
import { Random } from '../support/random.ts';

type Edge = [from: number, to: number, capacity: number];

const costOf = (edges: readonly Edge[], side: (vertex: number) => boolean): number =>
  edges.reduce((sum, [from, to, capacity]) => (side(from) && !side(to) ? sum + capacity : sum), 0);

describe('minimum cut', () => {
  it('is as cheap as the best of all cuts, and has the smallest side of the source', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const cut = new MinimumCut();
      const inner = Array.from({ length: random.integer(0, 6) }, () => cut.vertex());
      const all = [cut.source, cut.sink, ...inner];
      const edges: Edge[] = [];
      for (let i = random.integer(0, 16); i > 0; i--) {
        const [from, to] = [random.pick(all), random.pick(all)];
        const capacity = random.chance(0.1) ? Number.POSITIVE_INFINITY : random.integer(0, 9);
        if (from === to || (from === cut.source && to === cut.sink)) continue;
        edges.push([from, to, capacity]);
        cut.edge(from, to, capacity);
      }
      let best = Number.POSITIVE_INFINITY;
      let smallest = 0;
      for (let mask = 0; mask < 1 << inner.length; mask++) {
        const side = (vertex: number) => vertex === cut.source || ((mask >> inner.indexOf(vertex)) & 1) === 1;
        const inside = (vertex: number) => vertex !== cut.sink && side(vertex);
        const cost = costOf(edges, inside);
        const size = 1 + inner.filter(inside).length;
        if (cost < best || (cost === best && size < smallest)) [best, smallest] = [cost, size];
      }
      // A path of infinite edges from source to sink leaves nothing to cut.
      if (best === Number.POSITIVE_INFINITY) continue;
      const side = cut.solve();
      assert.equal(
        costOf(edges, (vertex) => side.has(vertex)),
        best,
        `seed ${seed}`,
      );
      assert.equal(side.size, smallest, `seed ${seed}`);
    }
  });

  it('walks long paths', () => {
    const cut = new MinimumCut();
    let last = cut.source;
    for (let i = 0; i < 20000; i++) {
      const next = cut.vertex();
      cut.edge(last, next, i === 12345 ? 1 : 2);
      last = next;
    }
    cut.edge(last, cut.sink, 2);
    assert.equal(cut.solve().size, 12346);
  });
});
