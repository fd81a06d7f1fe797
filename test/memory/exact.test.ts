/** The exact search: equal to trying everything on small cases, and within capacity on the published hard ones. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { readLifetimes } from '../../compiler/memory/csv.ts';
import { componentsOf } from '../../compiler/memory/exact/component.ts';
import { Search } from '../../compiler/memory/exact/search.ts';
import { solveExact } from '../../compiler/memory/exact/solve.ts';
import { type Interval, type PlacementOptions, peakOf } from '../../compiler/memory/interval.ts';
import { itemsOf, orderBy, placementOf } from '../../compiler/memory/items.ts';
import { naive } from '../../compiler/memory/naive.ts';
import { verifyPlacement } from '../../compiler/memory/verify-placement.ts';
import { skip } from '../support/skip.ts';
import { alignments, arbitraryIntervals, assertDisjoint, optimalPeak } from './intervals.ts';

function solve(intervals: readonly Interval[], how: PlacementOptions, work: number) {
  const items = itemsOf(intervals, how);
  const start = naive(intervals, how);
  const offset = Float64Array.from(items.id, (id) => start.get(id)!);
  const found = solveExact(items, offset, { ...how, work });
  return { ...found, placement: placementOf(items, found.offset) };
}

describe('exact planner', () => {
  it('finds the least peak and proves it, by trying everything', () => {
    fc.assert(
      fc.property(arbitraryIntervals(7), fc.constantFrom(...alignments), (intervals, how) => {
        const { peak, lowerBound, placement } = solve(intervals, how, 1e9);
        assertDisjoint(intervals, placement, how);
        assert.equal(peak, peakOf(intervals, placement, how));
        assert.equal(peak, optimalPeak(intervals, how));
        assert.equal(lowerBound, peak);
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('in whatever order, and paused as often as one likes', () => {
    fc.assert(
      fc.property(arbitraryIntervals(7), fc.boolean(), (intervals, reversed) => {
        const items = itemsOf(intervals, {});
        const least = optimalPeak(intervals);
        for (const component of componentsOf(items)) {
          const order = orderBy(component.count, (a, b) => (reversed ? b - a : a - b));
          const within = (capacity: number): string => {
            const search = new Search(component, Math.floor(capacity / component.unit), order);
            let outcome = search.run(1);
            while (outcome === 'paused') outcome = search.run(1);
            return outcome;
          };
          assert.equal(within(least), 'found');
          if (componentsOf(items).length === 1) assert.equal(within(least - 1), 'impossible');
        }
      }),
      { seed: 12, numRuns: 200 },
    );
  });

  it('fills a rectangle that was cut into pieces', () => {
    // Guillotine cuts of 64 × 1000, at random: the pieces fit without a byte to spare.
    let state = 12345;
    const random = (below: number): number => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return Math.floor(state / 65536) % below;
    };
    const pieces: Interval[] = [];
    const cut = (start: number, end: number, byteLength: number, depth: number): void => {
      if (depth === 0) pieces.push({ id: pieces.length, byteLength, start, end });
      else if (depth % 2 === 0 && end - start > 1) {
        const middle = start + 1 + random(end - start - 1);
        cut(start, middle, byteLength, depth - 1);
        cut(middle, end, byteLength, depth - 1);
      } else {
        const part = Math.max(1, Math.floor((byteLength * (1 + random(8))) / 10));
        cut(start, end, part, depth - 1);
        cut(start, end, byteLength - part, depth - 1);
      }
    };
    cut(0, 64, 100_000, 6);
    const { peak, placement } = solve(pieces, {}, 2e8);
    assert.equal(peak, 100_000);
    assertDisjoint(pieces, placement, {});
  });

  it('stops at its work, with what it has, the same each time', () => {
    const many = Array.from({ length: 300 }, (_, id) => ({
      id,
      byteLength: 1 + ((id * 7919) % 997),
      start: (id * 31) % 100,
      end: ((id * 31) % 100) + 1 + ((id * 104_729) % 31),
    }));
    const first = solve(many, {}, 2e6);
    assert.ok(first.work <= 3e6);
    assertDisjoint(many, first.placement, {});
    assert.deepEqual(solve(many, {}, 2e6).offset, first.offset);
  });

  it('stops when it is told to, and at a peak that is good enough', () => {
    const intervals = Array.from({ length: 20 }, (_, id) => ({
      id,
      byteLength: 10 + id,
      start: id,
      end: id + 4,
    }));
    const items = itemsOf(intervals, {});
    const start = naive(intervals, {});
    const offset = Float64Array.from(items.id, (id) => start.get(id)!);
    const work = Number.POSITIVE_INFINITY;
    assert.deepEqual(solveExact(items, offset, { work, expired: () => true }).offset, offset);
    const good = solveExact(items, offset, { work, target: 200 });
    assert.ok(good.peak <= 200);
    assert.equal(verifyPlacement(intervals, placementOf(items, good.offset)), good.peak);
  });

  it('solves MiniMalloc’s instances that are quick (all are in npm run reproduce)', function () {
    const folder = new URL('../../../shared/minimalloc/', import.meta.url);
    if (!existsSync(folder)) return skip(this, 'the shared instances are not here');
    for (const name of ['A', 'C', 'E', 'G', 'K']) {
      const file = `${name}.1048576.csv`;
      const { intervals } = readLifetimes(readFileSync(new URL(file, folder), 'utf8'), file);
      const { placement } = solve(intervals, { target: 1_048_576 }, 2e9);
      assert.ok(verifyPlacement(intervals, placement) <= 1_048_576, name);
    }
  });
});
