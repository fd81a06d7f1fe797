/** Planners on intervals alone: published vectors, optimality on small cases, and the lower bound. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { greedyByBreadth, greedyByTouchedBreadth } from '../../compiler/memory/greedy-by-breadth.ts';
import { greedyByLongest, greedyByLongestFirstGap } from '../../compiler/memory/greedy-by-longest.ts';
import { greedyBySize, greedyBySizeFirstGap } from '../../compiler/memory/greedy-by-size.ts';
import {
  alignUp,
  type Interval,
  type Placement,
  type PlacementOptions,
  peakOf,
} from '../../compiler/memory/interval.ts';
import { linearScan, linearScanFirstGap } from '../../compiler/memory/linear-scan.ts';
import { lowerBound } from '../../compiler/memory/lower-bound.ts';
import { runSuite } from '../../compiler/memory/suite.ts';

const PLANNERS = {
  greedyBySize,
  greedyBySizeFirstGap,
  greedyByLongest,
  greedyByLongestFirstGap,
  greedyByBreadth,
  greedyByTouchedBreadth,
  linearScan,
  linearScanFirstGap,
};

/** Closed ranges and sizes, as in PyTorch's test_memory_planning.cpp. */
const LSTM: Interval[] = [
  [0, 3, 1024],
  [1, 3, 1024],
  [3, 4, 1024],
  [5, 10, 256],
  [6, 14, 256],
  [7, 10, 256],
  [8, 9, 256],
  [9, 12, 256],
  [10, 12, 256],
  [13, 14, 256],
].map(([begin, end, size], id) => ({ id, byteLength: size!, start: begin!, end: end! + 1 }));

const arbitraryIntervals = (count: number): fc.Arbitrary<Interval[]> =>
  fc
    .array(fc.tuple(fc.nat(10), fc.integer({ min: 1, max: 6 }), fc.nat(20)), {
      minLength: 1,
      maxLength: count,
    })
    .map((rows) =>
      rows.map(([start, length, size], id) => ({ id, byteLength: size * 50, start, end: start + length })),
    );

const alignments: readonly PlacementOptions[] = [
  {},
  { alignmentOf: () => 64 },
  { alignmentOf: (id) => (id % 3 === 0 ? 256 : 64) },
];

function assertDisjoint(
  intervals: readonly Interval[],
  placement: Placement,
  options: PlacementOptions,
): void {
  const alignmentOf = (id: number): number => options.alignmentOf?.(id) ?? 1;
  for (const a of intervals) {
    const offset = placement.get(a.id)!;
    assert.equal(offset % alignmentOf(a.id), 0);
    for (const b of intervals) {
      if (a.id >= b.id || a.start >= b.end || b.start >= a.end) continue;
      const other = placement.get(b.id)!;
      const apart =
        offset + alignUp(a.byteLength, alignmentOf(a.id)) <= other ||
        other + alignUp(b.byteLength, alignmentOf(b.id)) <= offset;
      assert.ok(apart, `${a.id} and ${b.id} overlap`);
    }
  }
}

/** Every placement can be pushed down to one that placing in order of offset, lowest gap first, reproduces. */
function optimalPeak(intervals: readonly Interval[]): number {
  let best = Number.POSITIVE_INFINITY;
  const placed: { readonly interval: Interval; readonly offset: number }[] = [];
  const search = (left: readonly Interval[], peak: number): void => {
    if (peak >= best) return;
    if (left.length === 0) best = peak;
    for (const interval of left) {
      let offset = 0;
      const near = placed
        .filter((p) => p.interval.start < interval.end && interval.start < p.interval.end)
        .sort((a, b) => a.offset - b.offset);
      for (const p of near) {
        if (offset + interval.byteLength <= p.offset) break;
        offset = Math.max(offset, p.offset + p.interval.byteLength);
      }
      placed.push({ interval, offset });
      search(
        left.filter((other) => other !== interval),
        Math.max(peak, offset + interval.byteLength),
      );
      placed.pop();
    }
  };
  search(intervals, 0);
  return best;
}

describe('planners', () => {
  const options = { alignmentOf: () => 64 };

  it('give the offsets published for the LSTM cell', () => {
    const offsets = (placement: Placement): number[] => LSTM.map(({ id }) => placement.get(id)!);
    const tight = [0, 1024, 2048, 0, 256, 512, 768, 1024, 768, 0];
    for (const planner of [greedyBySize, greedyBySizeFirstGap, linearScan]) {
      assert.deepEqual(offsets(planner(LSTM, options)), tight);
    }
    assert.deepEqual(
      offsets(greedyByTouchedBreadth(LSTM, options)),
      [0, 1024, 2048, 0, 1024, 256, 512, 768, 512, 0],
    );
    assert.equal(lowerBound(LSTM, options), 3072);
  });

  for (const [name, planner] of Object.entries(PLANNERS)) {
    it(`${name}: nothing overlaps, nothing is below the lower bound`, () => {
      fc.assert(
        fc.property(arbitraryIntervals(40), fc.constantFrom(...alignments), (intervals, how) => {
          const placement = planner(intervals, how);
          assertDisjoint(intervals, placement, how);
          assert.ok(peakOf(intervals, placement, how) >= lowerBound(intervals, how));
          assert.deepEqual(planner(intervals, how), placement);
        }),
        { seed: 1, numRuns: 60 },
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
        for (const planner of Object.values(PLANNERS)) {
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

  it('MiniMalloc’s example fits its capacity; its hard instances stay valid and near it', function () {
    const folder = new URL('../../../shared/minimalloc/', import.meta.url);
    if (!existsSync(folder)) return this.skip(); // the instances aren't part of the repository
    const read = (name: string): Interval[] =>
      readFileSync(new URL(name, folder), 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((line, id) => {
          const [, lower, upper, size] = line.split(',').map(Number);
          return { id, byteLength: size!, start: lower!, end: upper! };
        });
    assert.equal(runSuite(read('input.12.csv')).peakBytes, 12);
    for (const name of ['A', 'K']) {
      const intervals = read(`${name}.1048576.csv`);
      const { placement, peakBytes } = runSuite(intervals);
      assertDisjoint(intervals, placement, {});
      assert.ok(peakBytes <= 1.28 * 1_048_576, `${name}: ${peakBytes}`);
    }
  });
});
