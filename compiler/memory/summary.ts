/** The figures of a plan, counted from its issue steps. */
import { alignUp } from '../../runtime/format/alignment.ts';
import { RESIDENT, VALUE_ALIGNMENT } from '../../runtime/format/format.ts';
import type { Attempt } from './attempt.ts';
import type { PlannedMemory } from './problem.ts';
import { liveBytes, residentBytes, type Timeline } from './timeline.ts';

export function summarise(
  timeline: Timeline,
  { issue, packed, totalMs }: Attempt,
  name: string,
): PlannedMemory {
  const { problem, steps } = timeline;
  const ofKind = (kind: 'activation' | 'scratch'): Float64Array =>
    liveBytes(
      steps,
      problem.values
        .filter((value) => value.kind === kind)
        .map(({ byteLength, start, end }) => ({ bytes: alignUp(byteLength, VALUE_ALIGNMENT), start, end })),
    );
  const held = problem.segments.map(({ byteLength, lastUse }, s) => ({
    bytes: byteLength,
    start: issue[s] === RESIDENT ? -1 : issue[s]! + 1,
    end: issue[s] === RESIDENT ? steps + 1 : lastUse + 1,
  }));
  const weights = liveBytes(steps, held);
  const streamed = held.filter((_, s) => issue[s] !== RESIDENT);
  const largest = (live: Float64Array): number => live.reduce((most, bytes) => Math.max(most, bytes), 0);
  return {
    name,
    peakBytes: packed.peakBytes,
    lowerBoundBytes: largest(weights.map((bytes, n) => bytes + timeline.values[n]!)),
    activationBytes: largest(ofKind('activation')),
    weightBytes: largest(weights),
    scratchBytes: largest(ofKind('scratch')),
    residentBytes: residentBytes(timeline, issue),
    depth: largest(
      liveBytes(
        steps,
        streamed.map(({ start, end }) => ({ bytes: 1, start, end })),
      ),
    ),
    // Sums in another order differ in their last bits; without a wait the two are the same number.
    predictedMs: totalMs <= timeline.computeMs * (1 + 1e-9) ? timeline.computeMs : totalMs,
    predictedResidentMs: timeline.computeMs,
    planner: packed.planner,
    issue: [...issue],
    segmentOffsets: [...packed.segmentOffsets],
    valueOffsets: new Map(problem.values.map(({ id }, n) => [id, packed.valueOffsets[n]!])),
  };
}
