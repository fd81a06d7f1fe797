/**
 * A problem with what the search asks of it again and again. That is the bytes that values hold at each time, the bytes
 * that each step can't do without, which segments end where, and the simulator. Made once per problem; nothing in it changes.
 */
import { alignUp } from '../../runtime/format/alignment.ts';
import { RESIDENT, VALUE_ALIGNMENT } from '../../runtime/format/format.ts';
import type { PlanProblem } from './problem.ts';
import { Simulator } from './simulate.ts';

export interface Timeline {
  readonly problem: PlanProblem;
  readonly steps: number;
  readonly simulator: Simulator;
  readonly computeMs: number;
  /** Bytes of values held before the run, at each step, and after the run: index t + 1. */
  readonly values: Float64Array;
  /** Segments by last use. */
  readonly ending: readonly (readonly number[])[];
  readonly segmentBytes: number;
}

export function timelineOf(problem: PlanProblem): Timeline {
  const steps = problem.steps.length;
  const ending: number[][] = problem.steps.map(() => []);
  problem.segments.forEach(({ lastUse }, s) => {
    ending[lastUse]!.push(s);
  });
  const stepMs = problem.steps.map(({ ms }) => ms);
  return {
    problem,
    steps,
    simulator: new Simulator({ stepMs, segments: problem.segments, read: problem.read }),
    computeMs: stepMs.reduce((sum, ms) => sum + ms, 0),
    values: liveBytes(
      steps,
      problem.values.map(({ byteLength, start, end }) => ({
        bytes: alignUp(byteLength, VALUE_ALIGNMENT),
        start,
        end,
      })),
    ),
    ending,
    segmentBytes: problem.segments.reduce((sum, { byteLength }) => sum + byteLength, 0),
  };
}

/** Sum of what is live at times −1 … T, at index time + 1. */
export function liveBytes(
  steps: number,
  intervals: Iterable<{ readonly bytes: number; readonly start: number; readonly end: number }>,
): Float64Array {
  const live = new Float64Array(steps + 3);
  for (const { bytes, start, end } of intervals) {
    live[start + 1]! += bytes;
    live[end + 1]! -= bytes;
  }
  for (let n = 1; n < live.length; n++) live[n]! += live[n - 1]!;
  return live.subarray(0, steps + 2);
}

/** Bytes of segments that each step can't do without, at index t: those between first and last use. */
export function neededBytes({ problem, steps }: Timeline, issue: ArrayLike<number>): Float64Array {
  const streamed = problem.segments.filter((_, s) => issue[s] !== RESIDENT);
  return liveBytes(
    steps,
    streamed.map(({ byteLength, firstUse, lastUse }) => ({
      bytes: byteLength,
      start: firstUse,
      end: lastUse + 1,
    })),
  ).subarray(1, steps + 1);
}

export function residentBytes({ problem }: Timeline, issue: ArrayLike<number>): number {
  let bytes = 0;
  for (let s = 0; s < issue.length; s++) if (issue[s] === RESIDENT) bytes += problem.segments[s]!.byteLength;
  return bytes;
}
