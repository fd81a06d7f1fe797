/** The joint plan: the worked example of its definition, properties on random problems, networks of real size. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createSolver, type PlanProblem, simulate, solve, verifyPlan } from '../../compiler/memory/index.ts';
import { earliestIssue } from '../../compiler/memory/issue.ts';
import { timelineOf } from '../../compiler/memory/timeline.ts';
import { MillraceError } from '../../runtime/error.ts';
import { RESIDENT } from '../../runtime/format/format.ts';
import { execute } from './arena.ts';
import { MIB, resnet50, resnet152, vgg19 } from './networks.ts';
import { arbitraryProblem } from './problems.ts';

/** Steps A, B, C of 10 ms; segments of 4 MiB read in 6 ms; x (A → B) 8 MiB, y (B → C) 2 MiB. */
const EXAMPLE: PlanProblem = {
  steps: [
    { ms: 10, name: 'A' },
    { ms: 10, name: 'B' },
    { ms: 10, name: 'C' },
  ],
  values: [
    { id: 1, kind: 'activation', byteLength: 8 * MIB, start: 0, end: 2 },
    { id: 2, kind: 'activation', byteLength: 2 * MIB, start: 1, end: 3 },
  ],
  segments: [0, 1, 2].map((t) => ({ byteLength: 4 * MIB, firstUse: t, lastUse: t })),
  read: { latencyMs: 0, bytesPerMs: (4 * MIB) / 6 },
  fixedBytes: 0,
};

const stepMs = (problem: PlanProblem): number[] => problem.steps.map(({ ms }) => ms);
const delayOf = (problem: PlanProblem, issue: readonly number[]): number =>
  simulate({ stepMs: stepMs(problem), segments: problem.segments, read: problem.read }, issue).delayMs;

describe('joint plan, the worked example', () => {
  it('simulates each row of the table', () => {
    const rows: [number[], number][] = [
      [[-1, -1, 0], 6],
      [[-1, -1, 1], 12],
      [[-1, 0, 1], 18],
      [[-1, 0, 0], 12],
      [[-2, -1, 0], 0],
    ];
    for (const [issue, delay] of rows) assert.ok(Math.abs(delayOf(EXAMPLE, issue) - delay) < 1e-9);
  });

  it('finds the Pareto curve', () => {
    const solver = createSolver(EXAMPLE);
    const rows = [14, 15, 16, 17, 18, 21, 22, 40].map((budget) => {
      const plan = solver.solve(budget * MIB);
      verifyPlan(EXAMPLE, plan, budget * MIB);
      return [budget, plan.lowerBoundBytes / MIB, plan.peakBytes / MIB, Math.round(plan.predictedMs - 30)];
    });
    assert.deepEqual(rows, [
      [14, 14, 14, 18],
      [15, 14, 14, 18],
      [16, 16, 16, 12],
      [17, 16, 16, 12],
      [18, 18, 18, 6],
      [21, 18, 18, 6],
      [22, 22, 22, 0],
      [40, 22, 22, 0],
    ]);
    assert.deepEqual(solver.solve(14 * MIB).issue, [-1, 0, 1]);
    assert.deepEqual(solver.solve(16 * MIB).issue, [-1, -1, 1]);
    assert.deepEqual(solver.solve(18 * MIB).issue, [-1, -1, 0]);
  });

  it('refuses a smaller budget, naming the smallest and the step', () => {
    const problem = { ...EXAMPLE, fixedBytes: 1000 };
    assert.throws(
      () => solve(problem, 14 * MIB),
      (error) =>
        error instanceof MillraceError &&
        error.code === 'BUDGET' &&
        error.at === 'B' &&
        error.expected!.includes(`${14 * MIB + 1000}`),
    );
    assert.equal(solve(problem, 14 * MIB + 1000).peakBytes, 14 * MIB);
  });
});

describe('joint plan, random problems', () => {
  it('plans verify, execute, and cost what they say; more memory is never slower', () => {
    fc.assert(
      fc.property(arbitraryProblem({ steps: 8, values: 8, segments: 8 }), (problem) => {
        const solver = createSolver(problem);
        const stored = solver.storedPlans();
        const smallest = stored[0]!.peakBytes;
        const largest = stored.at(-1)!.peakBytes;
        assert.equal(stored.at(-1)!.name, 'resident');
        stored.reduce((peak, plan) => {
          assert.ok(plan.peakBytes >= peak);
          return plan.peakBytes;
        }, 0);
        let previous = Number.POSITIVE_INFINITY;
        const plans = [...stored];
        for (let n = 0; n <= 12; n++) {
          const budget = smallest + Math.floor(((largest - smallest) * n) / 12) + problem.fixedBytes;
          const plan = solver.solve(budget);
          verifyPlan(problem, plan, budget);
          assert.ok(
            plan.predictedMs <= previous * (1 + 1e-9),
            `${budget}: ${plan.predictedMs} > ${previous}`,
          );
          previous = plan.predictedMs;
          plans.push(plan);
        }
        for (const plan of plans) {
          verifyPlan(problem, plan);
          execute(problem, plan);
          const delay = plan.predictedMs - plan.predictedResidentMs;
          assert.ok(Math.abs(delay - delayOf(problem, plan.issue)) < 1e-6);
        }
        assert.equal(plans.at(-1)!.predictedMs, plans.at(-1)!.predictedResidentMs);
        if (smallest > 0) {
          assert.throws(() => solver.solve(smallest + problem.fixedBytes - 1), /BUDGET|does not run/);
        }
      }),
      { seed: 4, numRuns: 150 },
    );
  });

  it('solves the same problem the same way', () => {
    fc.assert(
      fc.property(arbitraryProblem({ steps: 6, values: 6, segments: 6 }), (problem) => {
        assert.deepEqual(createSolver(problem).storedPlans(), createSolver(problem).storedPlans());
      }),
      { seed: 5, numRuns: 20 },
    );
  });

  it('the earliest issue steps are the fastest that fit, by trying all', () => {
    fc.assert(
      fc.property(arbitraryProblem({ steps: 5, values: 4, segments: 4 }), fc.nat(12), (problem, pages) => {
        const timeline = timelineOf(problem);
        const bytes = Math.max(...timeline.values) + 4096 * pages;
        const issue = new Int32Array(problem.segments.length);
        const feasible = earliestIssue(timeline, bytes, issue);
        let best = Number.POSITIVE_INFINITY;
        const chosen: number[] = [];
        const search = (): void => {
          const s = chosen.length;
          const segment = problem.segments[s];
          if (segment === undefined) {
            for (let t = 0; t < problem.steps.length; t++) {
              let live = timeline.values[t + 1]!;
              chosen.forEach((after, n) => {
                const { byteLength, lastUse } = problem.segments[n]!;
                if (after < t && t <= lastUse) live += byteLength;
              });
              if (live > bytes) return;
            }
            best = Math.min(best, timeline.simulator.run(chosen));
            return;
          }
          for (let after = chosen.at(-1) ?? -1; after < segment.firstUse; after++) {
            chosen.push(after);
            search();
            chosen.pop();
          }
        };
        search();
        assert.equal(feasible, best < Number.POSITIVE_INFINITY);
        if (feasible) assert.ok(Math.abs(timeline.simulator.run(issue) - best) < 1e-9);
      }),
      { seed: 6, numRuns: 150 },
    );
  });
});

describe('joint plan, networks', () => {
  for (const [name, make, most] of [
    ['ResNet-50', resnet50, 0.08],
    ['ResNet-152', resnet152, 0.04],
    ['VGG-19', vgg19, 0.05],
  ] as const) {
    it(`${name}: stored plans verify, ascend, and the smallest reaches its lower bound`, () => {
      const problem = make();
      const weights = problem.segments.reduce((sum, { byteLength }) => sum + byteLength, 0);
      const solver = createSolver(problem);
      const plans = solver.storedPlans();
      for (const plan of plans) verifyPlan(problem, plan);
      const smallest = plans[0]!;
      assert.equal(smallest.name, 'smallest');
      assert.equal(smallest.peakBytes, smallest.lowerBoundBytes);
      assert.ok(smallest.peakBytes <= most * weights);
      const zero = plans.find((plan) => plan.name === 'zero-delay')!;
      assert.equal(zero.predictedMs, zero.predictedResidentMs);
      assert.ok(zero.peakBytes < plans.at(-1)!.peakBytes);
      let previous = Number.POSITIVE_INFINITY;
      for (const share of [1, 1.1, 1.5, 2, 4, 8, 16]) {
        const budget = Math.ceil(smallest.peakBytes * share) + problem.fixedBytes;
        const plan = solver.solve(budget);
        verifyPlan(problem, plan, budget);
        assert.ok(plan.predictedMs <= previous);
        previous = plan.predictedMs;
      }
    });
  }

  it('without delay no step waits, and reads take at most 4 % from the compute', () => {
    for (const handleMs of [0.001, 0.05, 1]) {
      const given = resnet50();
      const problem = { ...given, read: { ...given.read, handleMs } };
      const solver = createSolver(problem);
      const zero = solver.storedPlans().find((plan) => plan.name === 'zero-delay');
      // Where each read takes too much, only the plan without reads is left.
      if (zero === undefined) {
        assert.equal(handleMs, 1);
        continue;
      }
      const { read, segments } = problem;
      const run = simulate({ stepMs: stepMs(problem), segments, read }, zero.issue);
      const reads = zero.issue.filter((step) => step !== RESIDENT).length;
      assert.ok(Math.abs(run.delayMs - reads * handleMs) <= 1e-6 * run.computeMs, 'a step waits');
      assert.ok(run.delayMs <= 0.04 * run.computeMs * (1 + 1e-9));
    }
  });

  it('more memory is never slower, in steps much finer than the sizes that plans are made for', () => {
    const problem = resnet50();
    const solver = createSolver(problem);
    const smallest = solver.storedPlans()[0]!.peakBytes;
    let previous = Number.POSITIVE_INFINITY;
    for (let n = 0; n <= 60; n++) {
      const budget = Math.ceil(smallest * (1 + 0.004 * n)) + problem.fixedBytes;
      const plan = solver.solve(budget);
      verifyPlan(problem, plan, budget);
      assert.ok(plan.predictedMs <= previous, `${budget}: ${plan.predictedMs} > ${previous}`);
      previous = plan.predictedMs;
    }
    // What was asked before doesn't change an answer.
    const budget = Math.ceil(smallest * 1.05) + problem.fixedBytes;
    assert.deepEqual(createSolver(problem).solve(budget), solver.solve(budget));
  });

  it('where values leave room for little, gains between sizes 2 % apart are found', () => {
    // The first step holds 100 MiB of values, so 2 % are two segments. In the least memory each read waits for the
    // step before; a segment more, 1 %, and all but the first read hide behind the steps.
    const steps = Array.from({ length: 64 }, () => ({ ms: 10 }));
    const problem: PlanProblem = {
      steps,
      values: [{ id: 1, kind: 'activation', byteLength: 100 * MIB, start: -1, end: 65 }],
      segments: steps.map((_, t) => ({ byteLength: MIB, firstUse: t, lastUse: t })),
      read: { latencyMs: 0, bytesPerMs: MIB / 8 },
      fixedBytes: 0,
    };
    const solver = createSolver(problem);
    assert.equal(solver.solve(102 * MIB - 64).predictedMs, 64 * 18);
    const two = solver.solve(102 * MIB);
    assert.equal(two.predictedMs, 8 + 64 * 10);
    assert.equal(two.peakBytes, 102 * MIB);
  });

  it('reads ahead even in the smallest memory, where a step leaves room', () => {
    const problem = resnet50();
    const smallest = createSolver(problem).storedPlans()[0]!;
    const sequential = problem.segments.map(({ firstUse }) => firstUse - 1);
    const delay = smallest.predictedMs - smallest.predictedResidentMs;
    assert.ok(delay < 0.25 * delayOf(problem, sequential));
    assert.ok(smallest.predictedMs < 1.1 * smallest.predictedResidentMs);
  });

  it('spends memory beyond zero delay on residents', () => {
    const problem = resnet50();
    const solver = createSolver(problem);
    const at = (mib: number): number => solver.solve(mib * MIB).residentBytes;
    assert.ok(at(48) > 0.7 * 48 * MIB);
    assert.ok(at(64) > at(48));
  });
});
