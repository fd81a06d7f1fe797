/**
 * A schedule as the planner's question and the planner's answer as the manifest's: ids of slots become value ids,
 * and views get the address of what they view.
 */

import { MillraceError } from '../../runtime/error.ts';
import { type Manifest, type Plan, withFixed } from '../../runtime/format/format.ts';
import { layersByStep } from '../../runtime/format/layers.ts';
import type { PlannedMemory, PlanProblem, ReadModel } from '../memory/problem.ts';
import { type Device, workMilliseconds, worksOf, worksOfTable } from './device/cost.ts';
import { lifetimesOf } from './lifetimes.ts';
import { rootOf } from './region.ts';
import type { Schedule } from './schedule.ts';

export function planProblem(schedule: Schedule, device: Device, fixedBytes: number): PlanProblem {
  return {
    steps: worksOf(schedule).map((work, t) => ({
      ms: workMilliseconds(work, device),
      name: schedule.layers[schedule.steps[t]!.layer]!.name,
    })),
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
    read: readModelOf(device),
    fixedBytes,
  };
}

/** The question again, from a bundle: what was compiled may be planned anew for another device. */
export function bundleProblem(manifest: Manifest, device: Device): PlanProblem {
  if (manifest.work === undefined)
    throw new MillraceError('BUNDLE_INVALID', 'the bundle does not say what its steps compute', {
      at: 'manifest.bin: work',
      hint: 'It was written by an earlier version: compile the model again.',
    });
  const layers = layersByStep(manifest.layers, manifest.steps);
  return {
    steps: worksOfTable(manifest.work).map((work, t) => ({
      ms: workMilliseconds(work, device),
      name: layers[t]?.name ?? `step ${t}`,
    })),
    values: manifest.lifetimes.map(({ value, kind, byteLength, start, end }) => ({
      id: value,
      kind,
      byteLength,
      start,
      end,
    })),
    segments: manifest.segments.map(({ byteLength, firstUse, lastUse }) => ({
      byteLength,
      firstUse,
      lastUse,
    })),
    read: readModelOf(device),
    fixedBytes: manifest.fixedBytes,
  };
}

function readModelOf(device: Device): ReadModel {
  return {
    latencyMs: device.readLatencyMs,
    bytesPerMs: device.readBytesPerMs,
    inFlight: device.readsInFlight,
    handleMs: device.handleMs,
    handleMsPerGigabyte: device.handleMsPerGigabyte,
  };
}

export function manifestPlan(schedule: Schedule, planned: PlannedMemory, fixedBytes: number): Plan {
  const { valueOffsets, ...rest } = withFixed(planned, fixedBytes);
  const offsets = schedule.slots.map((slot): number => {
    if (!slot || slot.kind === 'weight') return -1;
    const { root, region } = rootOf(schedule, slot.id);
    const base = valueOffsets.get(root);
    return base === undefined ? -1 : base + region.offset;
  });
  return { ...rest, valueOffsets: offsets };
}
