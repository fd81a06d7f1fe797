/**
 * Runs the planners, cheapest first, and keeps the smallest placement (the first among equals). As soon as one reaches
 * the target (by default the lower bound) the rest isn't run. No single heuristic is best on all networks: by size
 * equals the optimum on 21 of MemoMalloc's 32 traces, first gap on 29, and they are not the same ones.
 */

import { alignDown } from '../../runtime/format/alignment.ts';
import { solveExact } from './exact/solve.ts';
import { byBreadth } from './greedy-by-breadth.ts';
import { byLongest } from './greedy-by-longest.ts';
import { bySize } from './greedy-by-size.ts';
import { improve } from './improve.ts';
import type { Interval, Placement, PlacementOptions, Planner } from './interval.ts';
import { type Items, itemsOf, orderBy, placementOf } from './items.ts';
import { byStart } from './linear-scan.ts';
import { type Fit, Placer } from './place.ts';

export interface SuiteResult {
  readonly placement: Placement;
  readonly peakBytes: number;
  /** No placement is smaller: the largest live sum, or more where the exact search has excluded that. */
  readonly lowerBoundBytes: number;
  readonly planner: string;
}

interface Entry {
  readonly name: string;
  readonly order: (items: Items) => Int32Array;
  readonly fit: Fit;
}

const byTouchedBreadth = (items: Items): Int32Array => byBreadth(items, 'touched');
const byLiveBreadth = (items: Items): Int32Array => byBreadth(items, 'live');
/** Bytes × time: large and long first, a compromise of two orders. */
const byArea = ({ count, size, start, end }: Items): Int32Array =>
  orderBy(count, (a, b) => size[b]! * (end[b]! - start[b]!) - size[a]! * (end[a]! - start[a]!));

const ENTRIES: readonly Entry[] = [
  { name: 'greedy-by-size', order: bySize, fit: 'best' },
  { name: 'greedy-by-size-first-gap', order: bySize, fit: 'first' },
  { name: 'greedy-by-breadth', order: byLiveBreadth, fit: 'best' },
  { name: 'greedy-by-touched-breadth', order: byTouchedBreadth, fit: 'best' },
  { name: 'greedy-by-longest', order: byLongest, fit: 'best' },
  { name: 'greedy-by-longest-first-gap', order: byLongest, fit: 'first' },
  { name: 'greedy-by-area', order: byArea, fit: 'first' },
  { name: 'linear-scan', order: byStart, fit: 'best' },
  { name: 'linear-scan-first-gap', order: byStart, fit: 'first' },
];

/** Orders that the search starts from, and that are tried with two ends. */
const SEARCHED: readonly Entry[] = [
  { name: 'breadth', order: byLiveBreadth, fit: 'first' },
  { name: 'size', order: bySize, fit: 'first' },
  { name: 'longest', order: byLongest, fit: 'first' },
];

/** Neighbour visits: about half a second. */
const DEFAULT_WORK = 2e7;
/** Visits of the exact search for each of these; they are much cheaper. */
const EXACT_SHARE = 6;

export interface SuiteOptions extends PlacementOptions {
  /** Bound of the search, in neighbour visits; 0 for none. */
  readonly work?: number;
}

export function runSuite(intervals: readonly Interval[], options: SuiteOptions = {}): SuiteResult {
  const items = itemsOf(intervals, options);
  const target = Math.max(items.lowerBound, options.target ?? 0);
  const placer = new Placer(items);
  let best = { peak: Number.POSITIVE_INFINITY, offset: new Float64Array(0), name: 'none' };
  const offer = (name: string, peak: number, offset: Float64Array): boolean => {
    if (peak < best.peak) best = { peak, offset: offset.slice(), name };
    return best.peak <= target;
  };

  let done = false;
  for (const { name, order, fit } of ENTRIES) {
    done ||= offer(
      name,
      placer.place(order(items), () => fit),
      placer.offset,
    );
  }
  const ends = twoEnds(items);
  // Every alignment divides the ceiling of the finest one, so what hangs from it wastes nothing.
  const ceiling = alignDown(target, items.count ? Math.min(...items.alignment) : 1);
  for (const { name, order } of SEARCHED) {
    if (done || !ends) continue;
    done ||= offer(`two-ended-by-${name}`, placer.place(order(items), ends, ceiling), placer.offset);
  }
  const work = options.work ?? DEFAULT_WORK;
  let lowerBoundBytes = items.lowerBound;
  if (!done && work > 0) {
    const found = solveExact(items, best.offset, { target, work: EXACT_SHARE * work });
    lowerBoundBytes = found.lowerBound;
    done = offer('exact', found.peak, found.offset) || found.lowerBound >= best.peak;
  }
  if (!done && work > 0) {
    const starts: [string, Entry, (item: number) => Fit, number][] = [];
    for (const entry of SEARCHED) {
      starts.push([`search-by-${entry.name}`, entry, () => entry.fit, Number.POSITIVE_INFINITY]);
      if (ends) starts.push([`two-ended-search-by-${entry.name}`, entry, ends, ceiling]);
    }
    for (const [name, entry, fitOf, top] of starts) {
      if (done) break;
      const { peak, offset } = improve(items, entry.order(items), fitOf, target, {
        ceiling: top,
        work: work / starts.length,
      });
      done = offer(name, peak, offset);
    }
  }
  return {
    placement: placementOf(items, best.offset),
    peakBytes: items.count === 0 ? 0 : best.peak,
    lowerBoundBytes,
    planner: best.name,
  };
}

/** What `compile` uses, as a planner. */
export const suite: Planner = (intervals, options) => runSuite(intervals, options).placement;

/**
 * Coarsely aligned items (weight segments) lie at the bottom, finely aligned ones (values) from the top down. Alignment
 * wastes bytes at boundaries between the two kinds, and this way there is one such boundary.
 */
function twoEnds(items: Items): ((item: number) => Fit) | null {
  const finest = items.count ? Math.min(...items.alignment) : 0;
  if (!items.alignment.some((alignment) => alignment > finest)) return null;
  return (item) => (items.alignment[item]! > finest ? 'first' : 'top');
}
