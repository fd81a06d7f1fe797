/**
 * Issue steps under a bound on live bytes. The reads start in order. So a choice of issue steps is the same as a
 * non-decreasing count p_t: the number of segments whose read may have begun when step t runs. What is held then is
 *
 *   live(p, t) = Σ size of the segments s < p with last use ≥ t.
 *
 * It grows with p, so each step alone allows some largest p. A segment begun before t still counts at every later step
 * that needs it: p_t = min over t' ≥ t of what t' allows. That is one walk backwards. Its result is the earliest issue of
 * every segment at once. An earlier read never costs time, so this is the fastest schedule in that memory.
 *
 * Example (`docs/planning.md`), 16 MiB: x has 8 MiB and is live in A and B, y has 2 MiB and is live in B and C. A, B, C use
 * the segments a, b, c of 4 MiB. Room: 8, 6, 14. C allows 3. B allows b but not b and c, so p = 2. A allows a and b.
 * So p = 2, 2, 3, and the issue steps are −1, −1, B.
 */
import { RESIDENT } from '../../runtime/format/format.ts';
import { neededBytes, residentBytes, type Timeline } from './timeline.ts';

/**
 * The earliest issue steps that hold at most `bytes` at any time, around the segments that `issue` has as residents.
 * Fills in the rest of `issue`; false if even the steps' own segments don't fit. `prefetch` (0 … 1) is the share of the
 * room beside the steps' own segments that may be used for reading ahead: less leaves slack for the placement.
 */
export function earliestIssue(timeline: Timeline, bytes: number, issue: Int32Array, prefetch = 1): boolean {
  const { values, steps, ending } = timeline;
  const { segments } = timeline.problem;
  const room = bytes - residentBytes(timeline, issue);
  if (values[0]! > room || values[steps + 1]! > room) return false;
  const needed = prefetch < 1 ? neededBytes(timeline, issue) : null;
  // `begun` is p_t; `live` is live(p_t, t).
  let begun = segments.length;
  let live = 0;
  for (let t = steps - 1; t >= 0; t--) {
    for (const s of ending[t]!) if (s < begun && issue[s] !== RESIDENT) live += segments[s]!.byteLength;
    let allowed = room - values[t + 1]!;
    if (needed && allowed > needed[t]!) allowed = needed[t]! + prefetch * (allowed - needed[t]!);
    while (live > allowed) {
      begun--;
      if (begun < 0) return false;
      if (issue[begun] === RESIDENT) continue;
      const { byteLength, firstUse, lastUse } = segments[begun]!;
      // Needed by this step or an earlier one, so it can't begin after it.
      if (firstUse <= t) return false;
      if (lastUse >= t) live -= byteLength;
      issue[begun] = t;
    }
    if (allowed < 0) return false;
  }
  for (let s = 0; s < begun; s++) if (issue[s] !== RESIDENT) issue[s] = -1;
  return true;
}

/** Every read as late as it can be: when the step before the first use has completed. No overlap, least memory. */
export function sequentialIssue({ problem }: Timeline): Int32Array {
  return Int32Array.from(problem.segments, ({ firstUse }) => firstUse - 1);
}

/**
 * The latest issue steps that keep the run within `totalMs`: shortest lifetimes, hence least memory, for that speed.
 * From the last segment to the first, each as late as the later ones allow.
 */
export function latestIssue(
  { problem, steps, simulator }: Timeline,
  issue: Int32Array,
  totalMs: number,
): Int32Array {
  const limit = totalMs * (1 + 1e-12);
  const late = issue.slice();
  let ceiling = steps;
  for (let s = late.length - 1; s >= 0; s--) {
    if (late[s] === RESIDENT) continue;
    let low = late[s]!;
    let high = Math.min(problem.segments[s]!.firstUse - 1, ceiling);
    // Invariant: `low` is fast enough, everything above `high` isn't.
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      late[s] = middle;
      if (simulator.run(late) <= limit) low = middle;
      else high = middle - 1;
    }
    late[s] = low;
    ceiling = low;
  }
  return late;
}
