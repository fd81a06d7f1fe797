/**
 * The profile of a device, as `millrace calibrate` writes it: JSON, versioned, small. Reading trusts nothing in it: a
 * profile is copied between machines and edited by hand. Fields unknown to this version are ignored.
 */
import { MillraceError } from '../../../runtime/error.ts';
import { Fields, invalid } from '../../../runtime/format/fields.ts';
import type { ReadModel } from '../../memory/problem.ts';
import { type Device, type KernelCost, referenceDevice, type StepWork, workKey } from './cost.ts';
import { fitFamily, type Timing } from './fit.ts';

export const PROFILE_VERSION: Profile['version'] = 2;

/** A device as `millrace calibrate` measured it. */
export interface Profile {
  readonly version: 2;
  /** For people: what was measured. */
  readonly machine: string;
  readonly engine: string;
  readonly isa: string;
  readonly threads: number;
  readonly source: string;
  /** By name of the kernel. */
  readonly kernels: Readonly<Record<string, KernelCost>>;
  /** Of kernels that were not measured: one family for all. */
  readonly others: { readonly flopsPerMs: number; readonly bytesPerMs: number };
  readonly read: Required<ReadModel>;
  /** Steps of the bundles that were measured: predicted as timed, not as fitted. */
  readonly measured: readonly Timing[];
}

/**
 * What a profile says of its device, for `compile`.
 * @example await compile(graph, { device: deviceOf(profile) });
 */
export function deviceOf({ kernels, others, read, measured }: Profile): Device {
  return {
    ...others,
    readLatencyMs: read.latencyMs,
    readBytesPerMs: read.bytesPerMs,
    readsInFlight: read.inFlight,
    handleMs: read.handleMs,
    handleMsPerGigabyte: read.handleMsPerGigabyte,
    kernels,
    measured: new Map(measured.map(({ work, ms }) => [workKey(work), ms])),
  };
}

/** Speeds for kernels without a family of their own, from all timings together. */
export function othersFrom(timings: readonly Timing[]): Profile['others'] {
  const { msPerGflop, msPerGigabyte } = fitFamily(timings);
  return {
    flopsPerMs: msPerGflop > 0 ? 1e9 / msPerGflop : referenceDevice.flopsPerMs,
    bytesPerMs: msPerGigabyte > 0 ? 1e9 / msPerGigabyte : referenceDevice.bytesPerMs,
  };
}

const MOST_IN_FLIGHT = 64;
const MOST_THREADS = 1024;

/**
 * Reads the JSON of a profile, as `millrace calibrate` writes it; `at` names the file in errors.
 * @throws MillraceError PROFILE, which names the field that is wrong.
 * @example const profile = parseProfile(await readFile('profile.json', 'utf8'), 'profile.json');
 */
export function parseProfile(text: string, at: string): Profile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw notProfile(at, 'JSON', (cause as Error).message);
  }
  try {
    return readProfile(new Fields(json));
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    // The reader of fields names them as those of a manifest.
    const field = error.at?.replace(/^manifest\.bin: /, '') ?? '';
    throw notProfile(field === '' ? at : `${at}: ${field}`, String(error.expected), String(error.got));
  }
}

const notProfile = (at: string, expected: string, got: string): MillraceError =>
  new MillraceError('PROFILE', 'not a profile of a device', {
    at,
    expected,
    got,
    hint: 'Write one with `millrace calibrate`.',
  });

function readProfile(top: Fields): Profile {
  top.integer('version', PROFILE_VERSION, PROFILE_VERSION);
  const read = top.record('read');
  const others = top.record('others');
  const kernels = top.record('kernels');
  return {
    version: PROFILE_VERSION,
    machine: top.text('machine'),
    engine: top.text('engine'),
    isa: top.text('isa'),
    threads: top.integer('threads', 1, MOST_THREADS),
    source: top.text('source'),
    kernels: Object.fromEntries(kernels.names().map((name) => [name, readCost(kernels.record(name))])),
    others: { flopsPerMs: speed(others, 'flopsPerMs'), bytesPerMs: speed(others, 'bytesPerMs') },
    read: {
      latencyMs: read.amount('latencyMs'),
      bytesPerMs: speed(read, 'bytesPerMs'),
      inFlight: read.integer('inFlight', 1, MOST_IN_FLIGHT),
      handleMs: read.amount('handleMs'),
      handleMsPerGigabyte: read.amount('handleMsPerGigabyte'),
    },
    measured: top.records('measured', readTiming),
  };
}

function speed(fields: Fields, name: string): number {
  const value = fields.amount(name);
  if (value > 0) return value;
  throw invalid(fields.path(name), 'not a speed', 'a number above 0', value);
}

const readCost = (fields: Fields): KernelCost => ({
  fixedMs: fields.amount('fixedMs'),
  msPerGflop: fields.amount('msPerGflop'),
  msPerGigabyte: fields.amount('msPerGigabyte'),
  msPerGigabyteOfWeights: fields.amount('msPerGigabyteOfWeights'),
});

function readTiming(fields: Fields): Timing {
  const of = fields.record('work');
  const work: StepWork = {
    kernel: of.text('kernel'),
    flops: of.integer('flops', 0),
    bytes: of.integer('bytes', 0),
    weightBytes: of.integer('weightBytes', 0),
  };
  return { work, ms: fields.amount('ms') };
}
