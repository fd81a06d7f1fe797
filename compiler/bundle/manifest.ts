/** The manifest: schedule and plans as the runtime wants them (`runtime/format/format.ts`). */
import { Packr } from 'msgpackr';
import type {
  FileEntry,
  Manifest,
  ModelSummary,
  Plan,
  Port,
  SegmentEntry,
  WeightEntry,
  WorkTable,
} from '../../runtime/format/format.ts';
import { encodeHeader } from '../../runtime/format/header.ts';
import { byteLength, formatType } from '../ir/types.ts';
import { worksOf } from '../schedule/device/cost.ts';
import { lifetimesOf } from '../schedule/lifetimes.ts';
import type { Schedule, SchedulePort } from '../schedule/schedule.ts';

export interface ManifestParts {
  readonly compiler: string;
  readonly model: ModelSummary;
  readonly assumed?: readonly string[] | undefined;
  readonly schedule: Schedule;
  readonly programWords: number;
  readonly fixedBytes: number;
  readonly plans: readonly Plan[];
  /** CRC-32 of each segment's bytes. */
  readonly checksums: readonly number[];
  /** All but the entry, the weights and the manifest itself. */
  readonly files?: readonly FileEntry[] | undefined;
}

export function manifestOf(parts: ManifestParts): Manifest {
  const { schedule } = parts;
  const segments: SegmentEntry[] = [];
  const weights: WeightEntry[] = [];
  let offset = 0;
  for (const [s, segment] of schedule.segments.entries()) {
    const { byteLength, firstUse, lastUse } = segment;
    segments.push({ offset, byteLength, crc32: parts.checksums[s]!, firstUse, lastUse });
    for (const piece of segment.slots) weights.push({ value: piece.slot, segment: s, offset: piece.offset });
    offset += byteLength;
  }
  return {
    compiler: parts.compiler,
    model: parts.model,
    ...(parts.assumed === undefined ? {} : { assumed: parts.assumed }),
    inputs: schedule.inputs.map(portOf),
    outputs: schedule.outputs.map(portOf),
    values: schedule.slots.length,
    programWords: parts.programWords,
    steps: schedule.steps.length,
    layers: schedule.layers.map((layer) => ({
      name: layer.name,
      op: layer.op,
      firstStep: layer.firstStep,
      steps: layer.steps,
      flops: sumSteps(schedule, layer.firstStep, layer.steps),
      weightBytes: weightBytesOf(schedule, layer.firstStep, layer.steps),
      type: formatType(layer.type),
      ...(layer.choice === undefined ? {} : { choice: layer.choice }),
    })),
    segments,
    weights,
    lifetimes: lifetimesOf(schedule).map(({ slot, ...lifetime }) => ({
      value: slot,
      name: schedule.slots[slot]!.name,
      ...lifetime,
    })),
    work: workTable(schedule),
    hostOps: schedule.steps.flatMap(({ action }) => (action.kind === 'host' ? [action.op] : [])),
    ...(parts.files === undefined ? {} : { files: parts.files }),
    fixedBytes: parts.fixedBytes,
    weightsFileBytes: offset,
    plans: parts.plans,
  };
}

function workTable(schedule: Schedule): WorkTable {
  const works = worksOf(schedule);
  const kernels = [...new Set(works.map(({ kernel }) => kernel))].sort();
  return {
    kernels,
    kernel: works.map(({ kernel }) => kernels.indexOf(kernel)),
    flops: works.map(({ flops }) => flops),
    bytes: works.map(({ bytes }) => bytes),
    weightBytes: works.map(({ weightBytes }) => weightBytes),
  };
}

const portOf = ({ name, type, slot, sized }: SchedulePort): Port => ({
  name,
  dtype: type.dtype,
  shape: type.shape,
  value: slot,
  byteLength: byteLength(type),
  ...(sized === undefined ? {} : { sized }),
});

const sumSteps = (schedule: Schedule, first: number, count: number): number =>
  Math.round(schedule.steps.slice(first, first + count).reduce((sum, step) => sum + step.flops, 0));

function weightBytesOf(schedule: Schedule, first: number, count: number): number {
  const slots = new Set(schedule.steps.slice(first, first + count).flatMap((step) => step.reads));
  let bytes = 0;
  for (const id of slots) {
    const slot = schedule.slots[id]!;
    if (slot.kind === 'weight') bytes += slot.byteLength;
  }
  return bytes;
}

/** manifest.bin: header, then msgpack without record extensions, so that any reader can decode it. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const payload = new Packr({ useRecords: false, variableMapSize: true }).pack(manifest);
  return Buffer.concat([encodeHeader(payload), payload]);
}
