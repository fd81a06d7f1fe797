/** `compile` believes no planner: a plan that is wrong in one place is refused, and the right one is not. */
import assert from 'node:assert/strict';
import { compileWith } from '../../compiler/compile.ts';
import { createSolver, type PlannedMemory, type PlanProblem } from '../../compiler/memory/index.ts';
import type { Solver } from '../../compiler/memory/joint.ts';
import { networks } from '../support/networks.ts';

type Break = (plan: PlannedMemory, problem: PlanProblem) => Partial<PlannedMemory>;

/** The planner, with something done to each plan it makes. */
const breaking =
  (change: Break) =>
  (problem: PlanProblem): Solver => {
    const solver = createSolver(problem);
    const broken = (plan: PlannedMemory): PlannedMemory => ({ ...plan, ...change(plan, problem) });
    return {
      ...solver,
      solve: (budget, name) => broken(solver.solve(budget, name)),
      storedPlans: () => solver.storedPlans().map(broken),
    };
  };

const broken: Readonly<Record<string, Break>> = {
  'two values at one address': (plan) => ({
    valueOffsets: new Map([...plan.valueOffsets.keys()].map((id) => [id, 0])),
  }),
  'segments at one address': (plan) => ({ segmentOffsets: plan.segmentOffsets.map(() => 0) }),
  'a value outside the arena': (plan) => ({
    valueOffsets: new Map([...plan.valueOffsets].map(([id, at]) => [id, at + plan.peakBytes])),
  }),
  'a read after its use': (plan, { segments }) => ({
    issue: plan.issue.map((_, s) => segments[s]!.firstUse),
  }),
  'an arena that is too small': (plan) => ({ peakBytes: plan.peakBytes - 4096 }),
  'a figure that is wrong': (plan) => ({ activationBytes: plan.activationBytes + 64 }),
};

describe('compile', () => {
  const model = networks['residual']!();
  for (const [what, change] of Object.entries(broken))
    for (const options of [{}, { budget: '64MiB' }])
      it(`refuses ${what}, ${'budget' in options ? 'with a budget' : 'in the standard plans'}`, async () => {
        await assert.rejects(compileWith(breaking(change), model, options), {
          code: 'INTERNAL',
          message: /the memory plan is wrong/,
        });
      });

  it('refuses a plan over its budget', async () => {
    const larger = (problem: PlanProblem): Solver => {
      const solver = createSolver(problem);
      return { ...solver, solve: () => solver.storedPlans().at(-1)! };
    };
    const { report } = await compileWith(createSolver, model);
    const budget = report.plans[0]!.peakBytes;
    await assert.rejects(compileWith(larger, model, { budget }), { code: 'INTERNAL', message: /peak/ });
    const [plan] = (await compileWith(createSolver, model, { budget })).report.plans;
    assert.ok(plan!.peakBytes <= budget);
  });
});
