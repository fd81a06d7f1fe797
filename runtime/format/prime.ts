/**
 * Which reads of the next run may be made at the end of a run ("primed"), and when. Candidates are the segments that a
 * run reads before its first step (issue −1), in the order of their reads. A segment may be primed after step p, which
 * is the earliest so that
 *
 *   – every read of the run has been started, the segment itself is used no more, and p does not fall along the list;
 *   – nothing that lies at its addresses is live after p: values end with their lifetime, streamed segments with their
 *     last use; residents, outputs (read after the run) and inputs (written before the next) never do.
 *
 * The first segment for which there is no such step ends the list, since reads keep their order. Worked example: steps
 * A B C with segments a b c, one each, issued at −1, −1 and A; c lies where a did: a is primed after C, and so is b,
 * whose place is free after B but whose turn is after a's. With c elsewhere, a is primed after A and b after B.
 *
 * Mapped segments lie in pages of their own: what they take turns in is the budget, so that the pages that are mapped
 * at a time, primed ones included, are never more than the plan's window. Invariant: primed segments and the segments
 * of a run from its first step on are apart in any sound plan, as all of them are held when step 0 runs.
 */
import { type Manifest, type Plan, RESIDENT } from './format.ts';

/** The entry of a segment that is not primed. */
export const NOT_PRIMED = -1;

/** The parts of a choice that this depends on. */
export interface Primable {
  readonly plan: Plan;
  /** Per segment: as reads are issued in the mode chosen. */
  readonly issue: readonly number[];
}

/** Per segment: the step after which it may be read for the next run, or NOT_PRIMED. */
export function primeSteps(manifest: Manifest, choice: Primable, mapped: boolean): readonly number[] {
  const { segments } = manifest;
  const { issue } = choice;
  const steps = segments.map(() => NOT_PRIMED);
  const free = mapped ? windowFreedAfter(manifest, issue) : placeFreedAfter(manifest, choice);
  let after = issue.reduce((last, step) => Math.max(last, step), 0);
  for (const [s, { lastUse }] of segments.entries()) {
    if (issue[s] === RESIDENT) continue;
    if (issue[s] !== -1) break;
    const step = free(s);
    if (step === null) break;
    after = Math.max(after, lastUse, step);
    steps[s] = after;
  }
  return steps;
}

/** Addresses that something lies at, and the last step that needs it; null: it is needed between runs as well. */
interface Held {
  readonly bottom: number;
  readonly top: number;
  readonly last: number | null;
}

function placeFreedAfter(manifest: Manifest, { plan, issue }: Primable): (segment: number) => number | null {
  const held = heldPlaces(manifest, plan, issue);
  return (s) => {
    const bottom = plan.segmentOffsets[s]!;
    const top = bottom + manifest.segments[s]!.byteLength;
    let after = 0;
    for (const other of held) {
      if (other.bottom >= top || bottom >= other.top) continue;
      if (other.last === null) return null;
      after = Math.max(after, other.last);
    }
    return after;
  };
}

function heldPlaces(manifest: Manifest, plan: Plan, issue: readonly number[]): Held[] {
  const { segments, lifetimes, inputs, outputs, weights, steps } = manifest;
  const held: Held[] = [];
  const hold = (bottom: number, bytes: number, last: number | null): void => {
    if (bottom >= 0 && bytes > 0) held.push({ bottom, top: bottom + bytes, last });
  };
  for (const { value, byteLength, start, end } of lifetimes)
    hold(plan.valueOffsets[value]!, byteLength, start < 0 || end > steps ? null : end - 1);
  for (const { value, byteLength } of [...inputs, ...outputs])
    hold(plan.valueOffsets[value]!, byteLength, null);
  // An output that is a constant is read from its segment.
  const kept = new Set(
    weights
      .filter((entry) => outputs.some(({ value }) => value === entry.value))
      .map((entry) => entry.segment),
  );
  for (const [s, { byteLength, lastUse }] of segments.entries())
    hold(plan.segmentOffsets[s]!, byteLength, issue[s] === RESIDENT || kept.has(s) ? null : lastUse);
  return held;
}

function windowFreedAfter(manifest: Manifest, issue: readonly number[]): (segment: number) => number {
  const mapped = mappedBytes(manifest, issue);
  const window = mapped.reduce((most, bytes) => Math.max(most, bytes), 0);
  let primed = 0;
  return (s) => {
    primed += manifest.segments[s]!.byteLength;
    let step = mapped.length - 1;
    while (step >= 0 && mapped[step]! + primed <= window) step--;
    return Math.max(step, 0);
  };
}

/** Per step: bytes of segments that are mapped in it, each from the step after its issue to its last use. */
export function mappedBytes({ segments, steps }: Manifest, issue: readonly number[]): Float64Array {
  const mapped = new Float64Array(steps + 1);
  for (const [s, { byteLength, lastUse }] of segments.entries()) {
    const resident = issue[s] === RESIDENT;
    mapped[resident ? 0 : issue[s]! + 1]! += byteLength;
    if (!resident) mapped[lastUse + 1]! -= byteLength;
  }
  for (let step = 1; step <= steps; step++) mapped[step]! += mapped[step - 1]!;
  return mapped.subarray(0, steps);
}
