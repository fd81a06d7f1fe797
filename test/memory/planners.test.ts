/** Planners on intervals alone: published vectors, optimality on small cases, and the lower bound. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Interval, type Placement, peakOf } from '../../compiler/memory/interval.ts';
import { lowerBound } from '../../compiler/memory/lower-bound.ts';
import { planners } from '../../compiler/memory/planners.ts';
import { runSuite } from '../../compiler/memory/suite.ts';
import { verifyPlacement } from '../../compiler/memory/verify-placement.ts';
import { lstmIntervals, lstmVectors } from '../../scripts/reproduce/lstm.ts';
import { alignments, arbitraryIntervals, assertDisjoint, optimalPeak } from './intervals.ts';

/** Fast ones; the others are tested where they are tested alone. */
const HEURISTICS = Object.entries(planners).filter(
  ([name]) => !['exact', 'suite', 'local-search'].includes(name),
);

describe('planners', () => {
  it('give the offsets published for the LSTM cell', () => {
    for (const [planner, endOfSum, bytes, offsets] of lstmVectors) {
      const intervals = lstmIntervals(endOfSum);
      const placement = planners[planner]!(intervals, { alignmentOf: () => 64 });
      assert.deepEqual(
        intervals.map(({ id }) => placement.get(id)!),
        offsets,
        planner,
      );
      assert.equal(peakOf(intervals, placement), bytes);
    }
    assert.equal(lowerBound(lstmIntervals(4), { alignmentOf: () => 64 }), 3072);
  });

  for (const [name, planner] of Object.entries(planners)) {
    it(`${name}: nothing overlaps, nothing is below the lower bound`, () => {
      const slow = ['exact', 'suite', 'local-search'].includes(name);
      fc.assert(
        fc.property(arbitraryIntervals(slow ? 10 : 40), fc.constantFrom(...alignments), (intervals, how) => {
          const placement = planner(intervals, how);
          assertDisjoint(intervals, placement, how);
          assert.ok(peakOf(intervals, placement, how) >= lowerBound(intervals, how));
          assert.deepEqual(planner(intervals, how), placement);
        }),
        { seed: 1, numRuns: slow ? 20 : 60 },
      );
    });
  }

  it('the suite is optimal on small cases', () => {
    fc.assert(
      fc.property(arbitraryIntervals(6), (intervals) => {
        assert.equal(runSuite(intervals).peakBytes, optimalPeak(intervals));
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it('the suite is valid with mixed alignments, and keeps the best', () => {
    fc.assert(
      fc.property(arbitraryIntervals(40), fc.constantFrom(...alignments), (intervals, how) => {
        const result = runSuite(intervals, { ...how, work: 1e5 });
        assertDisjoint(intervals, result.placement, how);
        assert.equal(peakOf(intervals, result.placement, how), result.peakBytes);
        assert.equal(result.lowerBoundBytes, lowerBound(intervals, how));
        for (const [, planner] of HEURISTICS) {
          assert.ok(result.peakBytes <= peakOf(intervals, planner(intervals, how), how));
        }
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  it('places nothing, and things without bytes', () => {
    assert.equal(runSuite([]).peakBytes, 0);
    const empty = [
      { id: 0, byteLength: 0, start: 0, end: 2 },
      { id: 1, byteLength: 8, start: 0, end: 2 },
    ];
    assert.equal(runSuite(empty).peakBytes, 8);
  });

  it('handles addresses beyond 2³²', () => {
    const large = [0, 1, 2].map((id) => ({ id, byteLength: 3 * 2 ** 30, start: 0, end: 1 }));
    const { placement, peakBytes } = runSuite(large, { alignmentOf: () => 4096 });
    assert.equal(peakBytes, 9 * 2 ** 30);
    assertDisjoint(large, placement, { alignmentOf: () => 4096 });
  });

  it('places ten thousand intervals', () => {
    const many = Array.from({ length: 10_000 }, (_, id) => ({
      id,
      byteLength: 64 * (1 + ((id * 7919) % 997)),
      start: id,
      end: id + 1 + ((id * 104_729) % 31),
    }));
    const { placement, peakBytes, lowerBoundBytes } = runSuite(many, { work: 0 });
    assert.ok(peakBytes <= 1.2 * lowerBoundBytes);
    const at = (time: number): [number, number][] =>
      many
        .filter(({ start, end }) => start <= time && time < end)
        .map(({ id, byteLength }): [number, number] => [placement.get(id)!, byteLength])
        .sort((a, b) => a[0] - b[0]);
    for (let time = 0; time < 10_000; time += 97) {
      at(time).reduce((floor, [offset, size]) => {
        assert.ok(offset >= floor);
        return offset + size;
      }, 0);
    }
  });

  it('min-cost flow shares objects, and never more than one at a time', () => {
    const chain = [4, 8, 4, 8].map(
      (size, id): Interval => ({ id, byteLength: size, start: id, end: id + 2 }),
    );
    const placement = planners['min-cost-flow']!(chain, {});
    assert.equal(verifyPlacement(chain, placement), 12);
    const at = (id: number): number => placement.get(id)!;
    assert.equal(at(0), at(2));
    assert.equal(at(1), at(3));
  });

  it('bump starts over whenever nothing is live', () => {
    const rows = [
      [0, 2, 5],
      [1, 3, 7],
      [3, 4, 9],
    ] as const;
    const placement = planners['bump']!(
      rows.map(([start, end, byteLength], id) => ({ id, byteLength, start, end })),
      {},
    );
    assert.deepEqual([...placement.values()], [0, 5, 0]);
  });

  it('verification finds what overlaps, and what has no address', () => {
    const pair: Interval[] = [
      { id: 0, byteLength: 4, start: 0, end: 2 },
      { id: 1, byteLength: 4, start: 1, end: 3 },
    ];
    const at = (...offsets: number[]): Placement => new Map(offsets.map((offset, id) => [id, offset]));
    assert.equal(verifyPlacement(pair, at(0, 4)), 8);
    assert.throws(() => verifyPlacement(pair, at(0, 3)), /overlap/);
    assert.throws(() => verifyPlacement(pair, at(0)), /address/);
    assert.throws(() => verifyPlacement(pair, at(0, -4)), /address/);
  });
});
