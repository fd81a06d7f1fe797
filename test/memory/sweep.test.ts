/** The trade between memory and delay: every point verified, none beaten by another. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createSolver, type PlanProblem, sweep, verifyPlan } from '../../compiler/memory/index.ts';
import { predictedEvents } from '../../compiler/report/predicted.ts';
import { arbitraryProblem } from './problems.ts';

const isTrade = (problem: PlanProblem): void => {
  const solver = createSolver(problem);
  const points = sweep(problem, solver);
  const stored = solver.storedPlans();
  assert.equal(points[0]!.plan.peakBytes, stored[0]!.peakBytes);
  points.forEach(({ budgetBytes, plan, delayMs, bytesRead }, n) => {
    verifyPlan(problem, plan, budgetBytes);
    assert.ok(delayMs >= 0);
    const before = points[n - 1];
    if (before === undefined) return;
    assert.ok(budgetBytes > before.budgetBytes);
    const faster = plan.predictedMs < before.plan.predictedMs;
    const equal = plan.predictedMs === before.plan.predictedMs;
    assert.ok(faster || (equal && bytesRead < before.bytesRead));
  });
};

describe('sweep', () => {
  it('gives verified plans, none beaten by another, for any problem', () => {
    fc.assert(fc.property(arbitraryProblem({ steps: 8, values: 6, segments: 8 }), isTrade), { numRuns: 25 });
  });

  it('goes from the smallest budget to zero delay and to all resident', () => {
    const count = 24;
    const problem: PlanProblem = {
      steps: Array.from({ length: count }, () => ({ ms: 10 })),
      values: [{ id: 1, kind: 'activation', byteLength: 65536, start: 0, end: count }],
      segments: Array.from({ length: count }, (_, s) => ({
        byteLength: 4096 * (1 + (s % 5)),
        firstUse: s,
        lastUse: s,
      })),
      read: { latencyMs: 1, bytesPerMs: 1200 },
      fixedBytes: 1000,
    };
    isTrade(problem);
    const points = sweep(problem, createSolver(problem));
    assert.ok(points.length >= 8, `${points.length} points`);
    assert.equal(points.at(-1)!.bytesRead, 0);
    assert.equal(points.at(-1)!.delayMs, 0);
    assert.ok(points[0]!.stallShare > 0.2);
  });

  it('predicts a run whose events fill its time: steps and waits one after the other, reads in order', () => {
    fc.assert(
      fc.property(arbitraryProblem({ steps: 8, values: 4, segments: 8 }), (problem) => {
        const plan = createSolver(problem).storedPlans()[0]!;
        const events = predictedEvents(problem, plan);
        const inOrder = events
          .filter(({ what }) => what === 'step' || what === 'wait')
          .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
        let now = 0;
        for (const { startMs, endMs } of inOrder) {
          assert.ok(Math.abs(startMs - now) < 1e-6, `${startMs} is not ${now}`);
          now = endMs;
        }
        assert.ok(Math.abs(now - plan.predictedMs) < 1e-6);
        const reads = events.filter(({ what }) => what === 'read');
        for (const [n, read] of reads.entries()) {
          assert.ok(read.startMs <= read.endMs && read.endMs <= now + 1e-6);
          assert.ok(read.thread < (problem.read.inFlight ?? 1));
          if (n > 0) assert.ok(read.startMs >= reads[n - 1]!.startMs);
        }
      }),
      { numRuns: 40 },
    );
  });
});
