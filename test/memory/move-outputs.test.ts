/** Outputs move out of the way of the segments that the next run reads first, and nothing else moves. */
import assert from 'node:assert/strict';
import { moveOutputs } from '../../compiler/memory/move-outputs.ts';
import type { Packed } from '../../compiler/memory/pack.ts';
import type { PlanProblem } from '../../compiler/memory/problem.ts';
import { timelineOf } from '../../compiler/memory/timeline.ts';

const PAGE = 4096;
const value = (id: number, pages: number, start: number, end: number) =>
  ({ id, kind: 'activation', byteLength: pages * PAGE, start, end }) as const;

/** Three steps; x is read by step 0, y is written by 2 and an output; a and b are used by steps 0 and 1, c by 2. */
const problem = (outputPages = 1): PlanProblem => ({
  steps: [{ ms: 1 }, { ms: 1 }, { ms: 1 }],
  values: [value(0, 1, -1, 1), value(1, outputPages, 2, 4)],
  segments: [0, 1, 2].map((use) => ({ byteLength: PAGE, firstUse: use, lastUse: use })),
  read: { latencyMs: 0, bytesPerMs: 1 },
  fixedBytes: 0,
});
const placed = (pages: { x: number; y: number; abc: readonly number[]; peak: number }): Packed => ({
  peakBytes: pages.peak * PAGE,
  planner: 'hand',
  valueOffsets: Float64Array.of(pages.x * PAGE, pages.y * PAGE),
  segmentOffsets: Float64Array.from(pages.abc, (page) => page * PAGE),
});
const outputPage = (
  pages: Parameters<typeof placed>[0],
  issue: readonly number[],
  outputPages = 1,
): number => {
  const before = placed(pages);
  const after = moveOutputs(timelineOf(problem(outputPages)), before, issue);
  assert.deepEqual({ ...after, valueOffsets: null }, { ...before, valueOffsets: null });
  assert.equal(after.valueOffsets[0], before.valueOffsets[0]);
  return after.valueOffsets[1]! / PAGE;
};

describe('moving outputs', () => {
  it('takes the lowest gap that none of the first segments needs', () => {
    // x at 0 is dead by then; a and b at 1 and 2, c at 3.
    assert.equal(outputPage({ x: 0, y: 1, abc: [1, 2, 3], peak: 4 }, [-1, -1, 0]), 0);
    assert.equal(outputPage({ x: 3, y: 1, abc: [1, 2, 0], peak: 4 }, [-1, -1, 0]), 3);
  });

  it('stays where it is in nobody’s way', () => {
    assert.equal(outputPage({ x: 0, y: 3, abc: [1, 2, 0], peak: 5 }, [-1, -1, 0]), 3);
    assert.equal(outputPage({ x: 0, y: 1, abc: [1, 2, 3], peak: 4 }, [0, 0, 0]), 1);
  });

  it('frees as many of them as there is room for, in their order', () => {
    // c, live with y, at 0; whatever y takes is a's or b's: b is read after a.
    assert.equal(outputPage({ x: 3, y: 1, abc: [1, 2, 0], peak: 3 }, [-1, -1, 0]), 2);
    assert.equal(outputPage({ x: 3, y: 2, abc: [1, 2, 0], peak: 3 }, [-1, -1, 0]), 2);
    // Two pages of output cover both or nothing is free.
    assert.equal(outputPage({ x: 3, y: 1, abc: [1, 2, 0], peak: 3 }, [-1, -1, 0], 2), 1);
  });

  it('keeps away from what stays', () => {
    assert.equal(outputPage({ x: 1, y: 2, abc: [0, 2, 3], peak: 4 }, [-2, -1, 0]), 1);
  });
});
