/**
 * The joint problem and its answer. Values and weight segments compete for one arena. The planner chooses every
 * address, and for each segment the step after which its read may start, or that it stays resident. Plain numbers only:
 * whoever makes a problem maps its own names onto value ids and segment indices.
 */

import { MillraceError } from '../../runtime/error.ts';
import { type Plan, SEGMENT_ALIGNMENT } from '../../runtime/format/format.ts';
import type { Interval, Placement } from './interval.ts';

/**
 * A value in the arena. Step `start` writes it and step `end` − 1 touches it last. Inputs start at −1 (before the run),
 * outputs end at T + 1 (after it), and scratch of step t is [t, t + 1).
 */
export interface PlanValue extends Interval {
  readonly kind: 'activation' | 'scratch';
}

/** A segment may be used by several steps (shared weights); it is held from its read to the last of them. */
export interface PlanSegment {
  /** A multiple of SEGMENT_ALIGNMENT. */
  readonly byteLength: number;
  readonly firstUse: number;
  readonly lastUse: number;
}

export interface PlanStep {
  /** Predicted compute time. */
  readonly ms: number;
  /** For messages. */
  readonly name?: string;
}

/** What reading costs on a device, in milliseconds and bytes. */
export interface ReadModel {
  /** From the start of a request to its first byte. */
  readonly latencyMs: number;
  readonly bytesPerMs: number;
  /** Requests in flight at a time; their latencies overlap, their bytes don't. Default 1. */
  readonly inFlight?: number;
  /**
   * What each request, and each gigabyte read, takes from the threads that compute: checksums that they take
   * themselves, wake-ups, readers on cores that both want. Default 0.
   */
  readonly handleMs?: number;
  readonly handleMsPerGigabyte?: number;
}

export interface PlanProblem {
  readonly steps: readonly PlanStep[];
  readonly values: readonly PlanValue[];
  /** In order of first use, which is the order of reading. */
  readonly segments: readonly PlanSegment[];
  readonly read: ReadModel;
  /** Held beside the arena; every budget pays for it. */
  readonly fixedBytes: number;
}

/**
 * The plan of the bundle format, with addresses by value id. `peakBytes` and `lowerBoundBytes` are the arena's: the
 * planner takes what is held beside it off every budget.
 */
export interface PlannedMemory extends Omit<Plan, 'arenaBytes' | 'valueOffsets'> {
  readonly valueOffsets: Placement;
}

/** Refuses what the solver's arithmetic relies on not being there. */
export function checkProblem(problem: PlanProblem): void {
  const steps = problem.steps.length;
  const refuse = (at: string, expected: string, got: string): never => {
    throw new MillraceError('INTERNAL', 'the memory plan was asked an impossible question', {
      at,
      expected,
      got,
    });
  };
  problem.steps.forEach(({ ms }, t) => {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) refuse(`step ${t}`, 'a time', `${ms} ms`);
  });
  const ids = new Set<number>();
  for (const { id, start, end, byteLength } of problem.values) {
    if (ids.has(id)) refuse(`value ${id}`, 'distinct ids', 'the id twice');
    ids.add(id);
    const whole = Number.isInteger(start) && Number.isInteger(end) && Number.isSafeInteger(byteLength);
    if (!whole || !(-1 <= start && start < end && end <= steps + 1) || byteLength < 0) {
      refuse(
        `value ${id}`,
        `−1 ≤ start < end ≤ ${steps + 1}, whole bytes`,
        `[${start}, ${end}), ${byteLength} bytes`,
      );
    }
  }
  problem.segments.forEach(({ byteLength, firstUse, lastUse }, s) => {
    if (!(byteLength > 0 && byteLength % SEGMENT_ALIGNMENT === 0)) {
      refuse(`segment ${s}`, `a multiple of ${SEGMENT_ALIGNMENT} bytes`, `${byteLength}`);
    }
    const previous = problem.segments[s - 1]?.firstUse ?? 0;
    if (!Number.isInteger(firstUse) || !Number.isInteger(lastUse)) {
      refuse(`segment ${s}`, 'whole steps', `${firstUse} … ${lastUse}`);
    }
    if (!(previous <= firstUse && firstUse <= lastUse && lastUse < steps)) {
      refuse(`segment ${s}`, `${previous} ≤ first use ≤ last use < ${steps}`, `${firstUse} … ${lastUse}`);
    }
  });
  const { latencyMs, bytesPerMs, inFlight = 1, handleMs = 0, handleMsPerGigabyte = 0 } = problem.read;
  if (
    !(
      latencyMs >= 0 &&
      bytesPerMs > 0 &&
      handleMs >= 0 &&
      handleMsPerGigabyte >= 0 &&
      Number.isInteger(inFlight) &&
      inFlight >= 1
    )
  ) {
    refuse('read', 'latency ≥ 0, bandwidth > 0, whole requests in flight', JSON.stringify(problem.read));
  }
  if (!(problem.fixedBytes >= 0)) refuse('fixedBytes', 'bytes', `${problem.fixedBytes}`);
}
