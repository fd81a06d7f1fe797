/**
 * The trade between memory and delay: plans from the smallest budget there is to all weights resident, of which none is
 * beaten in memory, time and bytes read by another. Up to zero delay memory buys time; from there on it saves reads.
 * Every point has passed the verifier.
 */

import { RESIDENT } from '../../runtime/format/format.ts';
import type { Solver } from './joint.ts';
import type { PlannedMemory, PlanProblem } from './problem.ts';
import { verifyPlan } from './verify.ts';

export interface SweepPoint {
  /** The least budget that admits the plan: its arena and what is held beside it. */
  readonly budgetBytes: number;
  readonly plan: PlannedMemory;
  readonly delayMs: number;
  /** Share of the run in which a step waits. */
  readonly stallShare: number;
  /** In each run. */
  readonly bytesRead: number;
}

/** Sizes tried below zero delay and above it. */
const BELOW = 20;
const ABOVE = 6;

export function sweep(
  problem: PlanProblem,
  solver: Solver,
  onProgress: (share: number) => void = () => {},
): SweepPoint[] {
  const stored = solver.storedPlans();
  const smallest = stored[0]!.peakBytes;
  const largest = stored.at(-1)!.peakBytes;
  const free = stored.find(({ name }) => name === 'zero-delay') ?? stored.at(-1)!;
  const knee = free.peakBytes;
  const sizes = [...between(smallest, knee, BELOW), ...between(knee, largest, ABOVE)];
  const plans = [...stored];
  for (const [n, bytes] of sizes.entries()) {
    onProgress(n / sizes.length);
    plans.push(solver.solve(bytes + problem.fixedBytes, 'budget'));
  }
  return frontier(plans.map((plan) => sweepPoint(problem, plan)));
}

export function sweepPoint(problem: PlanProblem, plan: PlannedMemory): SweepPoint {
  const budgetBytes = plan.peakBytes + problem.fixedBytes;
  verifyPlan(problem, plan, budgetBytes);
  const delayMs = plan.predictedMs - plan.predictedResidentMs;
  const bytesRead = problem.segments.reduce(
    (sum, { byteLength }, s) => sum + (plan.issue[s] === RESIDENT ? 0 : byteLength),
    0,
  );
  const stallShare = plan.predictedMs > 0 ? delayMs / plan.predictedMs : 0;
  return { budgetBytes, plan, delayMs, stallShare, bytesRead };
}

/** Strictly between the two, in equal ratios. */
const between = (low: number, high: number, count: number): number[] =>
  low < high
    ? Array.from({ length: count - 1 }, (_, n) => Math.floor(low * (high / low) ** ((n + 1) / count)))
    : [];

/** Ascending in memory; each point is faster than the one before it, or as fast with fewer reads. */
function frontier(points: readonly SweepPoint[]): SweepPoint[] {
  const ascending = [...points].sort(
    (a, b) =>
      a.budgetBytes - b.budgetBytes || a.plan.predictedMs - b.plan.predictedMs || a.bytesRead - b.bytesRead,
  );
  const kept: SweepPoint[] = [];
  for (const point of ascending) {
    const last = kept.at(-1);
    const { predictedMs } = point.plan;
    if (
      last === undefined ||
      predictedMs < last.plan.predictedMs ||
      (predictedMs === last.plan.predictedMs && point.bytesRead < last.bytesRead)
    )
      kept.push(point);
  }
  return kept;
}
