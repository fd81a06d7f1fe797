/**
 * A schedule as the planner's question and the planner's answer as the manifest's: ids of slots become value ids,
 * and views get the address of what they view.
 */
import type { Plan } from '../../runtime/bundle/format.ts';
import type { PlannedMemory, PlanProblem } from '../memory/problem.ts';
import type { Device } from './cost.ts';
import { stepMilliseconds } from './cost.ts';
import { lifetimesOf } from './lifetimes.ts';
import { rootOf } from './region.ts';
import type { Schedule } from './schedule.ts';

/** Reads that the runtime keeps in flight. */
const IN_FLIGHT = 4;

export function planProblem(schedule: Schedule, device: Device, fixedBytes: number): PlanProblem {
  const ms = stepMilliseconds(schedule, device);
  return {
    steps: schedule.steps.map((step, t) => ({ ms: ms[t]!, name: schedule.layers[step.layer]!.name })),
    values: lifetimesOf(schedule).map(({ slot, kind, byteLength, start, end }) => ({
      id: slot,
      kind,
      byteLength,
      start,
      end,
    })),
    segments: schedule.segments.map(({ byteLength, firstUse, lastUse }) => ({
      byteLength,
      firstUse,
      lastUse,
    })),
    read: { latencyMs: device.readLatencyMs, bytesPerMs: device.readBytesPerMs, inFlight: IN_FLIGHT },
    fixedBytes,
  };
}

export function manifestPlan(schedule: Schedule, planned: PlannedMemory): Plan {
  const { valueOffsets, ...rest } = planned;
  const offsets = schedule.slots.map((slot): number => {
    if (!slot || slot.kind === 'weight') return -1;
    const { root, region } = rootOf(schedule, slot.id);
    const base = valueOffsets.get(root);
    return base === undefined ? -1 : base + region.offset;
  });
  return { ...rest, valueOffsets: offsets };
}
