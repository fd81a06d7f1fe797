/**
 * Reads manifest.bin: header, msgpack, then every field's type and range, then what the fields say of each other
 * (`check.ts`). Invariant: a Manifest that leaves here can be run without a read or write outside the arena planned
 * for it, however the file came to be; fields unknown to this version are ignored.
 */
import type { Crc32 } from '../crc32.ts';
import { MillraceError } from '../error.ts';
import { checkManifest } from './check.ts';
import { isDType } from './dtype.ts';
import { Fields, invalid } from './fields.ts';
import {
  type LayerEntry,
  type LifetimeEntry,
  MANIFEST_LIMITS,
  type Manifest,
  type Plan,
  type Port,
  RESIDENT,
  type SegmentEntry,
  type VariantChoice,
  type WeightEntry,
  type WorkTable,
  withFixed,
} from './format.ts';
import { payloadOf } from './header.ts';
import { decodeMsgpack } from './msgpack.ts';

const MAX_CRC = 0xffffffff;
/** Ids, steps and segments index 32-bit words in the engine. */
const MAX_COUNT = 2 ** 28;

/** `checksum`: the platform's, or that of `crc32.ts`. */
export function readManifest(file: Uint8Array, checksum: Crc32): Manifest {
  const manifest = readFields(new Fields(decode(payloadOf(file, checksum))));
  checkManifest(manifest);
  return manifest;
}

function decode(payload: Uint8Array): unknown {
  try {
    return decodeMsgpack(payload, MANIFEST_LIMITS);
  } catch (cause) {
    throw new MillraceError('BUNDLE_INVALID', 'payload is not msgpack of a manifest', {
      at: 'manifest.bin',
      got: (cause as Error).message,
      cause,
    });
  }
}

function readFields(fields: Fields): Manifest {
  const values = fields.integer('values', 1, MAX_COUNT);
  const steps = fields.integer('steps', 0, MAX_COUNT);
  const segments = fields.records('segments', (entry) => readSegment(entry, steps));
  const fixedBytes = fields.integer('fixedBytes', 0);
  const model = fields.record('model');
  return {
    compiler: fields.text('compiler'),
    model: {
      name: model.text('name'),
      nodes: model.integer('nodes', 0),
      weightsBytes: model.integer('weightsBytes', 0),
      flops: model.amount('flops'),
    },
    inputs: fields.records('inputs', (entry) => readPort(entry, values)),
    outputs: fields.records('outputs', (entry) => readPort(entry, values)),
    values,
    programWords: fields.integer('programWords', 2, MAX_COUNT),
    steps,
    layers: fields.records('layers', readLayer),
    segments,
    weights: fields.records('weights', (entry) => readWeight(entry, values, segments.length)),
    lifetimes: fields.records('lifetimes', (entry) => readLifetime(entry, values, steps)),
    ...(fields.has('work') ? { work: readWork(fields.record('work'), steps) } : {}),
    hostOps: fields.texts('hostOps'),
    fixedBytes,
    weightsFileBytes: fields.integer('weightsFileBytes', 0),
    plans: fields.records('plans', (entry) =>
      readPlan(entry, { values, steps, segments: segments.length, fixedBytes }),
    ),
  };
}

function readPort(fields: Fields, values: number): Port {
  const dtype = fields.text('dtype');
  if (!isDType(dtype)) throw invalid(fields.path('dtype'), 'unknown element type', 'a dtype', dtype);
  return {
    name: fields.text('name'),
    dtype,
    shape: fields.integers('shape', 0),
    value: fields.integer('value', 1, values - 1),
    byteLength: fields.integer('byteLength', 0),
  };
}

const readLayer = (fields: Fields): LayerEntry => ({
  name: fields.text('name'),
  op: fields.text('op'),
  firstStep: fields.integer('firstStep', 0),
  steps: fields.integer('steps', 0),
  flops: fields.amount('flops'),
  weightBytes: fields.integer('weightBytes', 0),
  type: fields.text('type'),
  ...(fields.has('choice') ? { choice: readChoice(fields.record('choice')) } : {}),
});

function readChoice(fields: Fields): VariantChoice {
  const why = fields.text('why');
  if (why !== 'cost' && why !== 'pinned')
    throw invalid(fields.path('why'), 'unknown reason', 'cost or pinned', why);
  return {
    variant: fields.text('variant'),
    why,
    offered: fields.records('offered', (entry) => ({
      variant: entry.text('variant'),
      ms: entry.amount('ms'),
    })),
  };
}

const readSegment = (fields: Fields, steps: number): SegmentEntry => ({
  offset: fields.integer('offset', 0),
  byteLength: fields.integer('byteLength', 1),
  crc32: fields.integer('crc32', 0, MAX_CRC),
  firstUse: fields.integer('firstUse', 0, steps - 1),
  lastUse: fields.integer('lastUse', 0, steps - 1),
});

const readWeight = (fields: Fields, values: number, segments: number): WeightEntry => ({
  value: fields.integer('value', 1, values - 1),
  segment: fields.integer('segment', 0, segments - 1),
  offset: fields.integer('offset', 0),
});

function readLifetime(fields: Fields, values: number, steps: number): LifetimeEntry {
  const kind = fields.text('kind');
  if (kind !== 'activation' && kind !== 'scratch')
    throw invalid(fields.path('kind'), 'unknown kind', 'activation or scratch', kind);
  const start = fields.integer('start', -1, steps);
  return {
    value: fields.integer('value', 1, values - 1),
    name: fields.text('name'),
    kind,
    byteLength: fields.integer('byteLength', 0),
    start,
    end: fields.integer('end', start + 1, steps + 1),
  };
}

function readWork(fields: Fields, steps: number): WorkTable {
  const kernels = fields.texts('kernels');
  return {
    kernels,
    kernel: fields.integers('kernel', 0, kernels.length - 1, steps),
    flops: fields.integers('flops', 0, undefined, steps),
    bytes: fields.integers('bytes', 0, undefined, steps),
    weightBytes: fields.integers('weightBytes', 0, undefined, steps),
  };
}

interface Counts {
  readonly values: number;
  readonly steps: number;
  readonly segments: number;
  readonly fixedBytes: number;
}

function readPlan(fields: Fields, { values, steps, segments, fixedBytes }: Counts): Plan {
  const sizes = {
    peakBytes: fields.integer('peakBytes', 0),
    lowerBoundBytes: fields.integer('lowerBoundBytes', 0),
  };
  // Older bundles know the arena only.
  const held = fields.has('arenaBytes')
    ? { ...sizes, arenaBytes: fields.integer('arenaBytes', 0) }
    : withFixed(sizes, fixedBytes);
  return {
    name: fields.text('name'),
    ...held,
    activationBytes: fields.integer('activationBytes', 0),
    weightBytes: fields.integer('weightBytes', 0),
    scratchBytes: fields.integer('scratchBytes', 0),
    residentBytes: fields.integer('residentBytes', 0),
    depth: fields.integer('depth', 0, segments),
    predictedMs: fields.amount('predictedMs'),
    predictedResidentMs: fields.amount('predictedResidentMs'),
    planner: fields.text('planner'),
    issue: fields.integers('issue', RESIDENT, steps - 1, segments),
    segmentOffsets: fields.integers('segmentOffsets', 0, held.arenaBytes, segments),
    valueOffsets: fields.integers('valueOffsets', -1, held.arenaBytes, values),
  };
}
