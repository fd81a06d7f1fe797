/**
 * From a schedule on paper to addresses. Live bytes within the memory don't yet mean that everything finds a place. So an
 * attempt starts from the shortest lifetimes that are as fast as the fastest schedule and places those. Then it lets the
 * reads begin as early as the free gaps allow. Where even that doesn't fit, it reads ahead less, down to not at all. The
 * placement of the sequential schedule always fits, because its peak is the smallest memory there is.
 */
import { RESIDENT } from '../../runtime/format/format.ts';
import { earliestIssue, latestIssue, sequentialIssue } from './issue.ts';
import { moveOutputs } from './move-outputs.ts';
import { type Packed, pack, prefetchInto } from './pack.ts';
import { fastestSchedule, type Schedule } from './residents.ts';
import type { Timeline } from './timeline.ts';

export interface Attempt {
  readonly issue: Int32Array;
  readonly packed: Packed;
  readonly totalMs: number;
  /** As fast as the schedule it was made from: no other placement in this memory is faster. */
  readonly fulfilled: boolean;
}

/** Neighbour visits of one placement search; about a tenth of a second. */
const SEARCH_WORK = 6e6;
/** Of the search for the smallest memory, which every other plan falls back to. */
const SMALLEST_WORK = 6e7;
/** Shares of the free room used for reading ahead, tried in turn. */
const PREFETCH = [1, 0.9, 0.75, 0.5, 0.25];

/** The smallest memory: reads don't overlap the steps before them. */
export function packSmallest(timeline: Timeline): Packed {
  return pack(timeline, sequentialIssue(timeline), 0, SMALLEST_WORK);
}

export function attempt(
  timeline: Timeline,
  orders: readonly Int32Array[],
  bytes: number,
  smallest: Packed,
): Attempt {
  const schedule = fastestSchedule(timeline, orders, bytes);
  const fallback = finish(timeline, sequentialIssue(timeline), smallest, bytes, schedule);
  if (!schedule || fallback.fulfilled) return fallback;
  let best = fallback;
  for (const prefetch of PREFETCH) {
    const issue = schedule.issue.slice();
    if (!earliestIssue(timeline, bytes, issue, prefetch)) continue;
    const target = timeline.simulator.run(issue);
    if (target >= best.totalMs) break;
    const packed = placeWithin(timeline, latestIssue(timeline, issue, target), bytes);
    if (!packed) continue;
    const found = finish(timeline, packed.issue, packed.packed, bytes, schedule);
    if (found.totalMs < best.totalMs) best = found;
    break;
  }
  return best;
}

/** Places these lifetimes within `bytes`, or null. */
export function placeWithin(
  timeline: Timeline,
  issue: Int32Array,
  bytes: number,
): { readonly issue: Int32Array; readonly packed: Packed } | null {
  const packed = pack(timeline, issue, bytes, SEARCH_WORK);
  return packed.peakBytes <= bytes ? { issue, packed } : null;
}

/** Deepens the prefetch in what is free, moves outputs out of the next run's way, and measures the result. */
export function finish(
  timeline: Timeline,
  issue: Int32Array,
  packed: Packed,
  bytes: number,
  schedule: Schedule | null,
): Attempt {
  const deeper = prefetchInto(timeline, packed, issue, bytes);
  const totalMs = timeline.simulator.run(deeper.issue);
  return {
    issue: deeper.issue,
    packed: moveOutputs(timeline, deeper.packed, deeper.issue),
    totalMs,
    fulfilled: schedule !== null && totalMs <= schedule.totalMs * (1 + 1e-9),
  };
}

/** Everything resident: no reads, and the largest memory that any plan needs. */
export function attemptResident(timeline: Timeline): Attempt {
  const issue = new Int32Array(timeline.problem.segments.length).fill(RESIDENT);
  const packed = pack(timeline, issue, 0, SEARCH_WORK);
  return { issue, packed, totalMs: timeline.simulator.run(issue), fulfilled: true };
}
