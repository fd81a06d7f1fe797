/** Random lifetimes, and what every placement of them must satisfy. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Interval, Placement, PlacementOptions } from '../../compiler/memory/interval.ts';
import { alignUp } from '../../runtime/format/alignment.ts';

export const arbitraryIntervals = (count: number): fc.Arbitrary<Interval[]> =>
  fc
    .array(fc.tuple(fc.nat(10), fc.integer({ min: 1, max: 6 }), fc.nat(20)), {
      minLength: 1,
      maxLength: count,
    })
    .map((rows) =>
      rows.map(([start, length, size], id) => ({ id, byteLength: size * 50, start, end: start + length })),
    );

export const alignments: readonly PlacementOptions[] = [
  {},
  { alignmentOf: () => 64 },
  { alignmentOf: (id) => (id % 3 === 0 ? 256 : 64) },
];

export function assertDisjoint(
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
export function optimalPeak(intervals: readonly Interval[], options: PlacementOptions = {}): number {
  const alignmentOf = (id: number): number => options.alignmentOf?.(id) ?? 1;
  let best = Number.POSITIVE_INFINITY;
  const placed: { readonly interval: Interval; readonly offset: number; readonly top: number }[] = [];
  const search = (left: readonly Interval[], peak: number): void => {
    if (peak >= best) return;
    if (left.length === 0) best = peak;
    for (const interval of left) {
      const alignment = alignmentOf(interval.id);
      const size = alignUp(interval.byteLength, alignment);
      let offset = 0;
      const near = placed
        .filter((p) => p.interval.start < interval.end && interval.start < p.interval.end)
        .sort((a, b) => a.offset - b.offset);
      for (const p of near) {
        if (offset + size <= p.offset) break;
        offset = Math.max(offset, alignUp(p.top, alignment));
      }
      placed.push({ interval, offset, top: offset + size });
      search(
        left.filter((other) => other !== interval),
        Math.max(peak, offset + size),
      );
      placed.pop();
    }
  };
  search(intervals, 0);
  return best;
}
