/** The verifier is tested by breaking a good plan in one place at a time. */
import assert from 'node:assert/strict';
import {
  createSolver,
  type PlannedMemory,
  type PlanProblem,
  solve,
  verifyPlan,
} from '../../compiler/memory/index.ts';
import { MillraceError } from '../../runtime/error.ts';

const KIB = 1024;
const problem: PlanProblem = {
  steps: [{ ms: 5 }, { ms: 5 }, { ms: 5 }],
  values: [
    { id: 1, kind: 'activation', byteLength: 10_000, start: -1, end: 1 },
    { id: 2, kind: 'activation', byteLength: 10_000, start: 0, end: 2 },
    { id: 3, kind: 'scratch', byteLength: 100, start: 1, end: 2 },
    { id: 4, kind: 'activation', byteLength: 5_000, start: 2, end: 4 },
  ],
  segments: [0, 1, 2].map((t) => ({ byteLength: 8 * KIB, firstUse: t, lastUse: t })),
  read: { latencyMs: 1, bytesPerMs: 4096 },
  fixedBytes: 100,
};

describe('verifyPlan', () => {
  const budget = createSolver(problem).storedPlans()[0]!.peakBytes + problem.fixedBytes;
  const plan = solve(problem, budget);
  const refuses = (broken: Partial<PlannedMemory>, at: RegExp, of: PlanProblem = problem): void => {
    assert.throws(
      () => verifyPlan(of, { ...plan, ...broken }, budget),
      (error) => error instanceof MillraceError && error.code === 'INTERNAL' && at.test(error.at ?? ''),
    );
  };
  const moved = (id: number, offset: number): Partial<PlannedMemory> => ({
    valueOffsets: new Map([...plan.valueOffsets, [id, offset]]),
  });

  it('accepts a good plan', () => verifyPlan(problem, plan, budget));

  it('names two that share an address while both are held', () => {
    refuses(moved(2, plan.valueOffsets.get(1)!), /^activation 1 and activation 2$/);
    refuses({ segmentOffsets: plan.segmentOffsets.map(() => 0) }, /and|segment/);
  });

  it('finds misaligned, outside and missing places', () => {
    refuses(moved(3, plan.valueOffsets.get(3)! + 4), /^scratch 3$/);
    refuses(moved(1, 1e9 * 64), /^activation 1$/);
    refuses({ segmentOffsets: [64, ...plan.segmentOffsets.slice(1)] }, /^segment 0$/);
    refuses({ valueOffsets: new Map() }, /^activation 1$/);
    refuses({ segmentOffsets: plan.segmentOffsets.slice(1) }, /^segmentOffsets$/);
    refuses({ peakBytes: plan.peakBytes - 64 }, /./);
  });

  it('finds reads out of order, too late, or of unknown kind', () => {
    refuses({ issue: [-1, 0, 2] }, /^segment 2$/);
    refuses({ issue: [-1, 0, -1] }, /^segment 1 and segment 2$/);
    refuses({ issue: [-3, 0, 1] }, /^segment 0$/);
  });

  it('finds a broken budget and wrong figures', () => {
    assert.throws(() => verifyPlan(problem, plan, budget - 1), /peak/);
    refuses({ lowerBoundBytes: plan.lowerBoundBytes - 64 }, /^lowerBoundBytes$/);
    refuses({ depth: 0 }, /^depth$/);
    refuses({ residentBytes: 1 }, /^residentBytes$/);
    refuses({ weightBytes: 0 }, /^weightBytes$/);
    refuses({ scratchBytes: 0 }, /^scratchBytes$/);
    refuses({ predictedMs: 1 }, /^predictedMs$/);
  });

  it('finds segments out of order of use', () => {
    const swapped = { ...problem, segments: [...problem.segments].reverse() };
    refuses({ issue: [1, 0, -1] }, /^segment/, swapped);
  });

  it('refuses impossible problems before solving them', () => {
    const bad: Partial<PlanProblem>[] = [
      { segments: [{ byteLength: 100, firstUse: 0, lastUse: 0 }] },
      { segments: [{ byteLength: 4096, firstUse: 1, lastUse: 5 }] },
      { values: [{ id: 1, kind: 'activation', byteLength: 4, start: 2, end: 2 }] },
      { steps: [{ ms: Number.NaN }] },
      { read: { latencyMs: 0, bytesPerMs: 0 } },
    ];
    for (const change of bad) {
      assert.throws(() => solve({ ...problem, ...change }, 1e9), { code: 'INTERNAL' });
    }
  });
});
