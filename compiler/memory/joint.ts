/**
 * The joint plan (`docs/planning.md`): which segments stay, when each read may start, and where everything lies, for the
 * least predicted time in a budget. Two facts shape the search.
 *
 * For given residents the fastest schedule in some memory is known exactly and costs microseconds. So time as a function
 * of memory is cheap to look at; only placement is hard. And a plan made for less memory is valid in more, so budgets are
 * served from a ladder of sizes that the problem fixes. A larger budget reaches at least the same rungs and never predicts
 * a longer run.
 */

import { MillraceError } from '../../runtime/error.ts';
import { RESIDENT } from '../../runtime/format/format.ts';
import { formatSize } from '../../runtime/size.ts';
import type { Pieces } from '../pieces.ts';
import { type Attempt, attempt, attemptResident, finish, packSmallest, placeWithin } from './attempt.ts';
import { earliestIssue, latestIssue } from './issue.ts';
import { ladderOf } from './ladder.ts';
import type { Packed } from './pack.ts';
import { checkProblem, type PlannedMemory, type PlanProblem } from './problem.ts';
import { fastestSchedule, residentOrders, type Schedule, sequentialBytes, spreadOrder } from './residents.ts';
import { summarise } from './summary.ts';
import { type Timeline, timelineOf } from './timeline.ts';

/** The knee: the least memory whose predicted delay is at most this share of the compute time. */
const KNEE_DELAY = 0.05;
/** Without delay no step waits; sums in another order differ in their last bits. */
const NO_DELAY = 1e-9;
/** Nor do reads take more than this share of the compute from it, on cores that both want. */
const TAKEN = 0.04;

type Enough = (schedule: Schedule) => boolean;
/** Shares of the extra residents tried when all of them don't find a place. */
const RESIDENT_SHARES = [1, 0.95, 0.85, 0.6, 0.3];

export interface Solver {
  /** The fastest plan found within `budgetBytes`, fixed bytes included. */
  solve(budgetBytes: number, name?: string): PlannedMemory;
  /** Smallest, knee, zero-delay and resident; those that add nothing are left out; ascending. */
  storedPlans(): readonly PlannedMemory[];
  /** Works out what `storedPlans` gives, so that it gives it at once. */
  preparing(): Pieces<void>;
}

export const solve = (problem: PlanProblem, budgetBytes: number): PlannedMemory =>
  createSolver(problem).solve(budgetBytes);

export const storedPlans = (problem: PlanProblem): readonly PlannedMemory[] =>
  createSolver(problem).storedPlans();

/** Made once per problem, it remembers what it has worked out: several plans of one problem share most of it. */
export function createSolver(problem: PlanProblem): Solver {
  checkProblem(problem);
  const timeline = timelineOf(problem);
  const orders = residentOrders(timeline);
  const once = <T>(make: () => T): (() => T) => {
    let made: { readonly value: T } | null = null;
    return () => (made ??= { value: make() }).value;
  };

  const smallestPacked = once((): Packed => packSmallest(timeline));
  const resident = once((): Attempt => attemptResident(timeline));
  const ladder = once(() =>
    ladderOf(timeline, orders, smallestPacked().peakBytes, resident().packed.peakBytes, scheduleMs),
  );
  const attempts = new Map<number, Attempt>();
  const attemptAt = (bytes: number): Attempt => {
    let made = attempts.get(bytes);
    if (!made) attempts.set(bytes, (made = attempt(timeline, orders, bytes, smallestPacked())));
    return made;
  };
  const schedules = new Map<number, Schedule | null>();
  const scheduleAt = (bytes: number): Schedule | null => {
    let made = schedules.get(bytes);
    if (made === undefined) schedules.set(bytes, (made = fastestSchedule(timeline, orders, bytes)));
    return made;
  };
  const scheduleMs = (bytes: number): number => scheduleAt(bytes)?.totalMs ?? Number.POSITIVE_INFINITY;

  const isWithin =
    (limitMs: number): Enough =>
    ({ totalMs }) =>
      totalMs <= limitMs;
  const isWithoutDelay: Enough = ({ issue, totalMs }) => {
    const waitMs = totalMs - timeline.simulator.handledMs(issue) - timeline.computeMs;
    return waitMs <= timeline.computeMs * NO_DELAY && totalMs <= timeline.computeMs * (1 + TAKEN);
  };
  const suffices = (bytes: number, enough: Enough): boolean => {
    const schedule = scheduleAt(bytes);
    return schedule !== null && enough(schedule);
  };
  /** The least memory found whose plan is fast enough: from the least on paper upwards until one is placed. */
  const smallestWith = (enough: Enough): Attempt => {
    for (let bytes = leastBytes(enough); bytes < resident().packed.peakBytes; bytes = nextSize(bytes)) {
      const made = attemptAt(bytes);
      if (enough(made)) return made;
    }
    return resident();
  };
  /** Bisection: neither time nor waits grow with memory. */
  const leastBytes = (enough: Enough): number => {
    let low = smallestPacked().peakBytes;
    let high = resident().packed.peakBytes;
    if (suffices(low, enough)) return low;
    while (high - low > 64) {
      const middle = low + 64 * Math.floor((high - low) / 128);
      if (middle <= low) break;
      if (suffices(middle, enough)) high = middle;
      else low = middle;
    }
    return high;
  };
  const zeroDelay = once(() => smallestWith(isWithoutDelay));
  const knee = once(() => smallestWith(isWithin(timeline.computeMs * (1 + KNEE_DELAY))));
  /** As fast as a run can be that reads everything: from here on only residents make it faster. */
  const streamedMs = timeline.simulator.run(new Int32Array(problem.segments.length).fill(-1)) * (1 + 1e-9);
  const streamed = once(() => smallestWith(isWithin(streamedMs)));

  const best = (bytes: number): Attempt => {
    if (bytes >= resident().packed.peakBytes) return resident();
    if (suffices(bytes, isWithoutDelay) && zeroDelay().packed.peakBytes <= bytes)
      return keepMore(timeline, zeroDelay(), bytes);
    let found: Attempt | null = null;
    const known = [knee(), ...(scheduleMs(bytes) <= streamedMs ? [streamed()] : [])];
    for (const made of known) if (made.packed.peakBytes <= bytes) found = fasterOf(found, made);
    for (const rung of ladder().downFrom(bytes)) {
      if (found && scheduleMs(rung) >= found.totalMs * (1 - 1e-9)) break;
      const made = attemptAt(rung);
      found = fasterOf(found, made);
      if (made.fulfilled) break;
    }
    return found ?? attemptAt(smallestPacked().peakBytes);
  };

  return {
    solve(budgetBytes, name = 'budget') {
      const bytes = Math.floor(budgetBytes - problem.fixedBytes);
      // On paper nothing is smaller than the sequential schedule: refuse without searching for a placement of it.
      if (bytes < sequentialBytes(timeline) || bytes < smallestPacked().peakBytes) {
        throw tooSmall(timeline, smallestPacked().peakBytes, budgetBytes);
      }
      return summarise(timeline, best(bytes), name);
    },
    *preparing() {
      const pieces = [smallestPacked, resident, () => attemptAt(smallestPacked().peakBytes), knee, zeroDelay];
      for (const [i, piece] of pieces.entries()) {
        piece();
        yield (i + 1) / pieces.length;
      }
    },
    storedPlans() {
      const plans: PlannedMemory[] = [];
      const offer = (name: string, made: Attempt): void => {
        const plan = summarise(timeline, made, name);
        const known = plans.at(-1);
        if (known && (plan.peakBytes <= known.peakBytes || plan.predictedMs >= known.predictedMs)) return;
        plans.push(plan);
      };
      offer('smallest', attemptAt(smallestPacked().peakBytes));
      offer('knee', knee());
      offer('zero-delay', zeroDelay());
      // Reads nothing, so it is worth keeping however fast the others are.
      const last = summarise(timeline, resident(), 'resident');
      while (plans.length > 0 && plans.at(-1)!.peakBytes >= last.peakBytes) plans.pop();
      return [...plans, last];
    },
  };
}

const fasterOf = (known: Attempt | null, made: Attempt): Attempt =>
  known && known.totalMs <= made.totalMs ? known : made;

const nextSize = (bytes: number): number => Math.ceil((bytes * 1.01) / 4096) * 4096;

/**
 * Without delay, memory that is left saves reading: adds residents, spread along the run, as long as the reads that
 * remain keep up and everything finds a place.
 */
function keepMore(timeline: Timeline, made: Attempt, bytes: number): Attempt {
  const limitMs = made.totalMs * (1 + NO_DELAY);
  const candidates = spreadOrder(made.issue.length).filter((s) => made.issue[s] !== RESIDENT);
  const scheduleWith = (count: number): Int32Array | null => {
    const issue = made.issue.slice();
    for (let n = 0; n < count; n++) issue[candidates[n]!] = RESIDENT;
    if (!earliestIssue(timeline, bytes, issue)) return null;
    return timeline.simulator.run(issue) <= limitMs ? issue : null;
  };
  let low = 0;
  let high = candidates.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (scheduleWith(middle)) low = middle;
    else high = middle - 1;
  }
  for (const share of RESIDENT_SHARES) {
    const issue = low > 0 ? scheduleWith(Math.floor(low * share)) : null;
    if (!issue) continue;
    const placed = placeWithin(timeline, latestIssue(timeline, issue, limitMs), bytes);
    if (placed) return finish(timeline, placed.issue, placed.packed, bytes, null);
  }
  return finish(timeline, made.issue, made.packed, bytes, null);
}

function tooSmall(timeline: Timeline, smallest: number, budgetBytes: number): MillraceError {
  const { problem } = timeline;
  let worst = 0;
  let worstBytes = -1;
  for (let t = 0; t < timeline.steps; t++) {
    let bytes = timeline.values[t + 1]!;
    for (const { byteLength, firstUse, lastUse } of problem.segments) {
      if (firstUse <= t && t <= lastUse) bytes += byteLength;
    }
    if (bytes > worstBytes) {
      worst = t;
      worstBytes = bytes;
    }
  }
  const total = smallest + problem.fixedBytes;
  return new MillraceError('BUDGET', 'the model does not run in this budget', {
    at: problem.steps[worst]?.name ?? `step ${worst}`,
    expected: `at least ${formatSize(total)}`,
    got: formatSize(budgetBytes),
    hint: `Most is needed at this step: ${worstBytes} bytes of activations, scratch and weights, beside ${problem.fixedBytes} fixed.`,
  });
}
