/**
 * How long each slot is live. Views and in-place results are counted with the slot they lie in. Half-open in steps:
 * a value written by step w and last read by step r is live in [w, r + 1); inputs from −1, outputs to T + 1.
 */
import { alignUp } from '../../runtime/format/alignment.ts';
import { VALUE_ALIGNMENT } from '../../runtime/format/format.ts';
import { rootOf, span } from './region.ts';
import type { Schedule, SlotId } from './schedule.ts';

export interface Lifetime {
  readonly slot: SlotId;
  readonly kind: 'activation' | 'scratch';
  readonly byteLength: number;
  readonly start: number;
  readonly end: number;
}

export function lifetimesOf(schedule: Schedule): Lifetime[] {
  const ranges = new Map<SlotId, { start: number; end: number; bytes: number }>();
  const touch = (id: SlotId, from: number, to: number): void => {
    const slot = schedule.slots[id]!;
    if (slot.kind === 'weight') return;
    const { root, region } = rootOf(schedule, id);
    const bytes = region.offset + span(region);
    const range = ranges.get(root);
    if (range === undefined) ranges.set(root, { start: from, end: to, bytes });
    else {
      range.start = Math.min(range.start, from);
      range.end = Math.max(range.end, to);
      range.bytes = Math.max(range.bytes, bytes);
    }
  };
  for (const port of schedule.inputs) touch(port.slot, -1, 0);
  for (const [t, step] of schedule.steps.entries())
    for (const id of [...step.reads, ...step.writes]) touch(id, t, t + 1);
  const end = schedule.steps.length + 1;
  for (const port of schedule.outputs) touch(port.slot, end - 1, end);
  const lifetimes: Lifetime[] = [];
  for (const [slot, { start, end: last, bytes }] of ranges) {
    const { kind } = schedule.slots[slot]!;
    if (kind !== 'weight') lifetimes.push({ slot, kind, byteLength: bytes, start, end: last });
  }
  return lifetimes.sort((a, b) => a.slot - b.slot);
}

/** Sum of what is live before the run, at each step and after it: at index t + 1. */
export function liveBytesOf(schedule: Schedule): Float64Array {
  const live = new Float64Array(schedule.steps.length + 2);
  for (const { byteLength, start, end } of lifetimesOf(schedule)) {
    const bytes = alignUp(byteLength, VALUE_ALIGNMENT);
    live[start + 1]! += bytes;
    if (end + 1 < live.length) live[end + 1]! -= bytes;
  }
  for (let i = 1; i < live.length; i++) live[i]! += live[i - 1]!;
  return live;
}
