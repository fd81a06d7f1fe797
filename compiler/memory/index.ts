/** The memory room: intervals and numbers in, addresses and issue steps out. */
export { type NamedIntervals, readLifetimes, writeLifetimes } from './csv.ts';
export { type ExactResult, solveExact } from './exact/index.ts';
export { type Interval, type Placement, type Planner, peakOf } from './interval.ts';
export { createSolver, type Solver, solve, storedPlans } from './joint.ts';
export { busiestTime, lowerBound } from './lower-bound.ts';
export { planners } from './planners.ts';
export type { PlannedMemory, PlanProblem, PlanSegment, PlanStep, PlanValue, ReadModel } from './problem.ts';
export { type Simulation, simulate } from './simulate.ts';
export { runSuite, type SuiteResult } from './suite.ts';
export { type SweepPoint, sweep, sweepPoint } from './sweep.ts';
export { verifyPlan } from './verify.ts';
export { verifyPlacement } from './verify-placement.ts';
