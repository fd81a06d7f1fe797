/**
 * Executes a plan on a pretend arena in which every 64 bytes remember who wrote them. Reads begin at the earliest moment
 * the protocol allows and scribble over their destination from then until they have arrived at the last moment: nothing
 * that is live may change, whatever the speeds.
 */
import assert from 'node:assert/strict';
import type { PlannedMemory, PlanProblem } from '../../compiler/memory/index.ts';

const CELL = 64;
const RESIDENT = -2;

export function execute(problem: PlanProblem, plan: PlannedMemory): void {
  assert.equal(plan.peakBytes % CELL, 0);
  const owner: string[] = new Array(plan.peakBytes / CELL).fill('');
  const write = (who: string, offset: number, byteLength: number): void => {
    for (let cell = offset / CELL; cell < (offset + byteLength) / CELL; cell++) {
      assert.ok(cell < owner.length, `${who} writes outside the arena`);
      owner[cell] = who;
    }
  };
  const check = (who: string, offset: number, byteLength: number, when: string): void => {
    for (let cell = offset / CELL; cell < (offset + byteLength) / CELL; cell++) {
      assert.equal(owner[cell], who, `${who} was overwritten ${when}`);
    }
  };
  const segmentAt = (s: number): [string, number, number] => [
    `segment ${s}`,
    plan.segmentOffsets[s]!,
    problem.segments[s]!.byteLength,
  ];
  const writeValues = (time: number): void => {
    for (const { id, start, byteLength } of problem.values) {
      if (start === time) write(`value ${id}`, plan.valueOffsets.get(id)!, byteLength);
    }
  };
  const checkLive = (time: number): void => {
    for (const { id, start, end, byteLength } of problem.values) {
      if (start <= time && time < end)
        check(`value ${id}`, plan.valueOffsets.get(id)!, byteLength, `at ${time}`);
    }
    problem.segments.forEach(({ firstUse, lastUse }, s) => {
      const held = plan.issue[s] === RESIDENT || (firstUse <= time && time <= lastUse);
      if (held) check(...segmentAt(s), `at ${time}`);
    });
  };

  problem.segments.forEach((_, s) => {
    if (plan.issue[s] === RESIDENT) write(...segmentAt(s));
  });
  // Twice, because the second run starts from what the first one left.
  for (let run = 0; run < 2; run++) {
    writeValues(-1);
    checkLive(-1);
    let started = 0;
    for (let t = 0; t < problem.steps.length; t++) {
      // In order, each as soon as its issue step is done.
      for (; started < problem.segments.length; started++) {
        if (plan.issue[started] !== RESIDENT && plan.issue[started]! >= t) break;
      }
      const reading = problem.segments
        .map((_, s) => s)
        .filter((s) => s < started && plan.issue[s] !== RESIDENT && problem.segments[s]!.firstUse >= t);
      for (const s of reading) write(...segmentAt(s));
      writeValues(t);
      for (const s of reading) {
        assert.ok(plan.issue[s]! < t);
        write(...segmentAt(s));
      }
      checkLive(t);
    }
    writeValues(problem.steps.length);
    checkLive(problem.steps.length);
  }
}
