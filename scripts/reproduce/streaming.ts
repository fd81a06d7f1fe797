/**
 * Weights streamed on paper: layer by layer through a ring (Demand Layering, two stages), and segment by segment in
 * the least memory that keeps a given time. The layers get their reads for free of latency, as in the paper's
 * recurrences; the segments pay it.
 */

import { earliestIssue, latestIssue } from '../../compiler/memory/issue.ts';
import { pack } from '../../compiler/memory/pack.ts';
import type { PlanProblem } from '../../compiler/memory/problem.ts';
import { type Timeline, timelineOf } from '../../compiler/memory/timeline.ts';
import { SEGMENT_ALIGNMENT } from '../../runtime/format/format.ts';

export interface StreamedLayer {
  readonly bytes: number;
  readonly computeMs: number;
}

/**
 * Rend_i = max(Rend_{i−1}, F_i) + r_i,  Kend_i = max(Kend_{i−1}, Rend_i) + k_i,  where F_i is when the layers before
 * have left room for s_i. A ring of infinite capacity starts with F = 0; compute alone is the sum of k.
 */
export function ringMs(layers: readonly StreamedLayer[], capacity: number, bytesPerMs: number): number {
  let readEnd = 0;
  let kernelEnd = 0;
  let live = 0;
  const held: { readonly bytes: number; readonly until: number }[] = [];
  let oldest = 0;
  for (const { bytes, computeMs } of layers) {
    if (bytes > 0) {
      let free = 0;
      while (live + bytes > capacity) {
        const first = held[oldest++];
        if (first === undefined) throw new Error(`a layer of ${bytes} bytes in a ring of ${capacity}`);
        live -= first.bytes;
        free = first.until;
      }
      readEnd = Math.max(readEnd, free) + bytes / bytesPerMs;
      live += bytes;
      kernelEnd = Math.max(kernelEnd, readEnd);
    }
    kernelEnd += computeMs;
    if (bytes > 0) held.push({ bytes, until: kernelEnd });
  }
  return kernelEnd;
}

/** The fastest run in `bytes` on paper: live sums, not addresses. Infinite if not even the steps' own segments fit. */
export function fastestMs(timeline: Timeline, bytes: number): number {
  const issue = new Int32Array(timeline.problem.segments.length);
  return earliestIssue(timeline, bytes, issue) ? timeline.simulator.run(issue) : Number.POSITIVE_INFINITY;
}

export interface Streamed {
  readonly peakBytes: number;
  readonly totalMs: number;
}

/** Of the search for addresses: as long as the compiler's. */
const WORK = 6e6;
const TRIES = 8;

/** Least memory, with addresses, in which the problem runs within `limitMs`, everything streamed; null if none was found. */
export function leastMemory(problem: PlanProblem, limitMs: number): Streamed | null {
  const timeline = timelineOf(problem);
  let low = 0;
  let high = timeline.segmentBytes + Math.max(...timeline.values);
  if (fastestMs(timeline, high) > limitMs) return null;
  while (high - low > SEGMENT_ALIGNMENT) {
    const middle = Math.floor((low + high) / 2);
    if (fastestMs(timeline, middle) <= limitMs) high = middle;
    else low = middle;
  }
  let best: Streamed | null = null;
  for (let n = 0; n < TRIES; n++, high *= 1.01) {
    if (best !== null && best.peakBytes <= high) break;
    const issue = new Int32Array(problem.segments.length);
    earliestIssue(timeline, high, issue);
    const late = latestIssue(timeline, issue, limitMs);
    const { peakBytes } = pack(timeline, late, high, WORK);
    if (best === null || peakBytes < best.peakBytes)
      best = { peakBytes, totalMs: timeline.simulator.run(late) };
  }
  return best;
}
