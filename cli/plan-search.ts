/** The search for the least peak against a clock. `compile` counts work instead; a person waiting counts seconds. */
import { solveExact } from '../compiler/memory/exact/index.ts';
import { greedyBySize } from '../compiler/memory/greedy-by-size.ts';
import { type Interval, type Placement, peakOf } from '../compiler/memory/interval.ts';
import { itemsOf, placementOf } from '../compiler/memory/items.ts';
import { runSuite, type SuiteResult } from '../compiler/memory/suite.ts';
import { progress } from './progress.ts';

export interface Searched {
  readonly planner: string;
  readonly placement: Placement;
  /** Proven; 0 if the planner proves nothing. */
  readonly lowerBoundBytes: number;
}

export interface SearchOptions {
  /** Start from the best of the heuristics rather than from greedy by size. */
  readonly withSuite: boolean;
  readonly capacity: number | undefined;
  readonly seconds: number;
}

export function searchLeast(intervals: readonly Interval[], options: SearchOptions): Searched {
  const started = performance.now();
  const target = options.capacity === undefined ? {} : { target: options.capacity };
  const first: SuiteResult = options.withSuite
    ? runSuite(intervals, target)
    : startOf(intervals, greedyBySize(intervals, target));
  if (first.peakBytes <= Math.max(first.lowerBoundBytes, options.capacity ?? 0)) return first;
  const items = itemsOf(intervals, {});
  const offset = Float64Array.from(items.id, (id) => first.placement.get(id)!);
  const bar = progress();
  const found = solveExact(items, offset, {
    ...target,
    work: Number.POSITIVE_INFINITY,
    expired: () => {
      const seconds = (performance.now() - started) / 1000;
      bar.update('searching', seconds / options.seconds);
      return seconds >= options.seconds;
    },
  });
  bar.done();
  return {
    planner: options.withSuite && found.peak === first.peakBytes ? first.planner : 'exact',
    placement: placementOf(items, found.offset),
    lowerBoundBytes: found.lowerBound,
  };
}

function startOf(intervals: readonly Interval[], placement: Placement): SuiteResult {
  return { placement, peakBytes: peakOf(intervals, placement), lowerBoundBytes: 0, planner: 'exact' };
}
