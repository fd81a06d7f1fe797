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
  type FileEntry,
  type LayerEntry,
  type LifetimeEntry,
  MANIFEST_LIMITS,
  type Manifest,
  type ModelSummary,
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

/** Reads the field of that name. */
type Reader<T> = (fields: Fields, name: string) => T;
type Readers<T> = { readonly [N in keyof T]-?: Reader<T[N]> };

const integer =
  (low: number, high?: number): Reader<number> =>
  (fields, name) =>
    fields.integer(name, low, high);
const integers =
  (low: number, high?: number, length?: number): Reader<number[]> =>
  (fields, name) =>
    fields.integers(name, low, high, length);
const amount: Reader<number> = (fields, name) => fields.amount(name);
const text: Reader<string> = (fields, name) => fields.text(name);
const texts: Reader<string[]> = (fields, name) => fields.texts(name);
const oneOf =
  <T extends string>(what: string, choices: readonly T[]): Reader<T> =>
  (fields, name) => {
    const given = fields.text(name);
    const found = choices.find((choice) => choice === given);
    if (found === undefined) throw invalid(fields.path(name), what, choices.join(' or '), given);
    return found;
  };
const record =
  <T>(read: (fields: Fields) => T): Reader<T> =>
  (fields, name) =>
    read(fields.record(name));
const records =
  <T>(read: (fields: Fields) => T): Reader<T[]> =>
  (fields, name) =>
    fields.records(name, read);
const optional =
  <T>(read: Reader<T>): Reader<T | undefined> =>
  (fields, name) =>
    fields.has(name) ? read(fields, name) : undefined;

/** Reads a record, field by field in this order; an optional one that is not there is left out. */
const shape =
  <T>(readers: Readers<T>) =>
  (fields: Fields): T => {
    const record: Partial<T> = {};
    for (const name in readers) {
      const value = readers[name](fields, name);
      if (value !== undefined) record[name] = value;
    }
    return record as T;
  };

function readFields(fields: Fields): Manifest {
  const values = fields.integer('values', 1, MAX_COUNT);
  const steps = fields.integer('steps', 0, MAX_COUNT);
  const fixedBytes = fields.integer('fixedBytes', 0);
  const segments = fields.records('segments', segment(steps));
  const count = segments.length;
  return shape<Manifest>({
    compiler: text,
    model: record(model),
    assumed: optional(texts),
    inputs: records(port(values)),
    outputs: records(port(values)),
    values: () => values,
    programWords: integer(2, MAX_COUNT),
    steps: () => steps,
    layers: records(layer),
    segments: () => segments,
    weights: records(weight(values, count)),
    lifetimes: records(lifetime(values, steps)),
    work: optional(record((entry) => work(entry.texts('kernels').length, steps)(entry))),
    hostOps: texts,
    files: optional(records(file)),
    fixedBytes: () => fixedBytes,
    weightsFileBytes: integer(0),
    plans: records((entry) => readPlan(entry, { values, steps, segments: count, fixedBytes })),
  })(fields);
}

const model = shape<ModelSummary>({ name: text, nodes: integer(0), weightsBytes: integer(0), flops: amount });

const port = (values: number) =>
  shape<Port>({
    name: text,
    dtype: (fields, name) => {
      const dtype = fields.text(name);
      if (!isDType(dtype)) throw invalid(fields.path(name), 'unknown element type', 'a dtype', dtype);
      return dtype;
    },
    shape: integers(0),
    value: integer(1, values - 1),
    byteLength: integer(0),
    sized: optional(integer(0)),
  });

const choice = shape<VariantChoice>({
  variant: text,
  why: oneOf('unknown reason', ['cost', 'pinned']),
  offered: records(shape<VariantChoice['offered'][number]>({ variant: text, ms: amount })),
});

const layer = shape<LayerEntry>({
  name: text,
  op: text,
  firstStep: integer(0),
  steps: integer(0),
  flops: amount,
  weightBytes: integer(0),
  type: text,
  choice: optional(record(choice)),
});

const segment = (steps: number) =>
  shape<SegmentEntry>({
    offset: integer(0),
    byteLength: integer(1),
    crc32: integer(0, MAX_CRC),
    firstUse: integer(0, steps - 1),
    lastUse: integer(0, steps - 1),
  });

const file = shape<FileEntry>({
  name: (fields, name) => {
    const given = fields.text(name);
    // It is read from the bundle's folder, and from nowhere else.
    if (!/^[\w.-]+$/.test(given)) throw invalid(fields.path(name), 'not a file name', 'no folder', given);
    return given;
  },
  byteLength: integer(0),
  crc32: integer(0, MAX_CRC),
});

const weight = (values: number, segments: number) =>
  shape<WeightEntry>({
    value: integer(1, values - 1),
    segment: integer(0, segments - 1),
    offset: integer(0),
  });

const lifetime = (values: number, steps: number) =>
  shape<LifetimeEntry>({
    value: integer(1, values - 1),
    name: text,
    kind: oneOf('unknown kind', ['activation', 'scratch']),
    byteLength: integer(0),
    start: integer(-1, steps),
    end: (fields, name) => fields.integer(name, fields.integer('start', -1, steps) + 1, steps + 1),
  });

const work = (kernels: number, steps: number) =>
  shape<WorkTable>({
    kernels: texts,
    kernel: integers(0, kernels - 1, steps),
    flops: integers(0, undefined, steps),
    bytes: integers(0, undefined, steps),
    weightBytes: integers(0, undefined, steps),
  });

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
  const rest = shape<Omit<Plan, keyof typeof held>>({
    name: text,
    activationBytes: integer(0),
    weightBytes: integer(0),
    scratchBytes: integer(0),
    residentBytes: integer(0),
    depth: integer(0, segments),
    predictedMs: amount,
    predictedResidentMs: amount,
    planner: text,
    issue: integers(RESIDENT, steps - 1, segments),
    segmentOffsets: integers(0, held.arenaBytes, segments),
    valueOffsets: integers(-1, held.arenaBytes, values),
  });
  return { ...held, ...rest(fields) };
}
