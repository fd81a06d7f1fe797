/** Predicted compute time of each step: its arithmetic or its memory traffic, whichever takes longer. */
import type { Schedule, Step } from './schedule.ts';

/** What the cost model knows of a device. */
export interface Device {
  /** Floating point operations per millisecond, all threads together. */
  readonly flopsPerMs: number;
  /** Bytes of activations a kernel that only moves or scales them handles per millisecond. */
  readonly bytesPerMs: number;
  readonly readLatencyMs: number;
  readonly readBytesPerMs: number;
}

/** One thread of the reference machine with plain WASM SIMD (40 GFLOP/s), and its disk read past the page cache. */
export const referenceDevice: Device = {
  flopsPerMs: 40e6,
  bytesPerMs: 8e6,
  readLatencyMs: 0.1,
  readBytesPerMs: 1.5e6,
};

/** Dispatch of one step, measured on the replay loop. */
const STEP_MS = 0.002;

export function stepMilliseconds(schedule: Schedule, device: Device): number[] {
  return schedule.steps.map((step) => milliseconds(schedule, step, device));
}

function milliseconds(schedule: Schedule, step: Step, device: Device): number {
  let weights = 0;
  for (const id of step.reads) {
    const slot = schedule.slots[id]!;
    if (slot.kind === 'weight') weights += slot.byteLength;
  }
  return STEP_MS + Math.max(step.flops / device.flopsPerMs, (step.bytes + weights) / device.bytesPerMs);
}
