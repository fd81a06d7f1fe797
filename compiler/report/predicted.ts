/**
 * The run that a plan predicts, as the events that a run records: what the simulator says, drawn and written by
 * whatever draws and writes a trace.
 */
import { RESIDENT } from '../../runtime/format/format.ts';
import type { TraceEvent } from '../../runtime/pipeline/trace.ts';
import { type PlannedMemory, type PlanProblem, simulate } from '../memory/index.ts';

export function predictedEvents(problem: PlanProblem, plan: PlannedMemory): TraceEvent[] {
  const { steps, segments, read } = problem;
  const run = simulate({ stepMs: steps.map(({ ms }) => ms), segments, read }, plan.issue);
  const layerOf = (step: number): string => steps[step]?.name ?? '';
  const events: TraceEvent[] = [{ what: 'run', id: 0, layer: '', thread: 0, startMs: 0, endMs: run.totalMs }];
  steps.forEach(({ ms }, t) => {
    const endMs = run.doneMs[t]!;
    events.push({ what: 'step', id: t, layer: layerOf(t), thread: 0, startMs: endMs - ms, endMs });
  });
  // Each read is drawn with the first reader that is free: as many as are in flight.
  const free: number[] = [];
  let waitedFor = -1;
  let waited = 0;
  segments.forEach(({ firstUse }, s) => {
    if (plan.issue[s] === RESIDENT) return;
    const [startMs, endMs] = [run.startMs[s]!, run.arriveMs[s]!];
    let thread = free.findIndex((until) => until <= startMs);
    if (thread < 0) thread = free.length;
    free[thread] = endMs;
    events.push({ what: 'read', id: s, layer: layerOf(firstUse), thread, startMs, endMs });
    const stall = run.stallMs[s]!;
    if (firstUse !== waitedFor) waited = firstUse === 0 ? 0 : run.doneMs[firstUse - 1]!;
    waitedFor = firstUse;
    if (stall > 0)
      events.push({
        what: 'wait',
        id: s,
        layer: layerOf(firstUse),
        thread: 0,
        startMs: waited,
        endMs: waited + stall,
      });
    waited += stall;
  });
  return events;
}
