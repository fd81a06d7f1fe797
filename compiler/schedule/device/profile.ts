/**
 * The profile of a device, as `millrace calibrate` writes it: JSON, versioned, small. Reading trusts nothing in it: a
 * profile is copied between machines and edited by hand. Fields unknown to this version are ignored.
 */
import { MillraceError } from '../../../runtime/error.ts';
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

const MOST_ENTRIES = 1_000_000;
const MOST_IN_FLIGHT = 64;
const MOST_THREADS = 1024;

/**
 * Reads the JSON of a profile, as `millrace calibrate` writes it; `at` names the file in errors.
 * @throws MillraceError PROFILE, which names the field that is wrong.
 * @example const profile = parseProfile(await readFile('profile.json', 'utf8'), 'profile.json');
 */
export function parseProfile(text: string, at: string): Profile {
  const wrong = (field: string, expected: string, got: unknown): MillraceError =>
    new MillraceError('PROFILE', 'not a profile of a device', {
      at: field === '' ? at : `${at}: ${field}`,
      expected,
      got: shown(got),
      hint: 'Write one with `millrace calibrate`.',
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw wrong('', 'JSON', (cause as Error).message);
  }
  const record = (value: unknown, field: string): Readonly<Record<string, unknown>> => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
    throw wrong(field, 'an object', value);
  };
  const own = (from: Readonly<Record<string, unknown>>, name: string): unknown =>
    Object.hasOwn(from, name) ? from[name] : undefined;
  const list = (value: unknown, field: string): readonly unknown[] => {
    if (Array.isArray(value) && value.length <= MOST_ENTRIES) return value;
    throw wrong(field, `a list of at most ${MOST_ENTRIES}`, value);
  };
  const string = (value: unknown, field: string): string => {
    if (typeof value === 'string') return value;
    throw wrong(field, 'text', value);
  };
  const amount = (value: unknown, field: string): number => {
    if (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY) return value;
    throw wrong(field, 'a number, 0 or more', value);
  };
  const speed = (value: unknown, field: string): number => {
    if (amount(value, field) > 0) return value as number;
    throw wrong(field, 'a number above 0', value);
  };
  const count = (value: unknown, field: string, least: number, most: number): number => {
    if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most)
      return value as number;
    throw wrong(field, `a whole number, ${least} to ${most}`, value);
  };
  const bytes = (value: unknown, field: string): number => count(value, field, 0, Number.MAX_SAFE_INTEGER);

  const top = record(json, '');
  const version = own(top, 'version');
  if (version !== PROFILE_VERSION) throw wrong('version', `${PROFILE_VERSION}`, version);
  const others = record(own(top, 'others'), 'others');
  const read = record(own(top, 'read'), 'read');
  const kernelCost = ([kernel, value]: readonly [string, unknown]): [string, KernelCost] => {
    const field = `kernels.${kernel}`;
    const cost = record(value, field);
    const term = (name: string): number => amount(own(cost, name), `${field}.${name}`);
    return [
      kernel,
      {
        fixedMs: term('fixedMs'),
        msPerGflop: term('msPerGflop'),
        msPerGigabyte: term('msPerGigabyte'),
        msPerGigabyteOfWeights: term('msPerGigabyteOfWeights'),
      },
    ];
  };
  const timing = (value: unknown, n: number): Timing => {
    const field = `measured[${n}]`;
    const entry = record(value, field);
    const of = record(own(entry, 'work'), `${field}.work`);
    const work: StepWork = {
      kernel: string(own(of, 'kernel'), `${field}.work.kernel`),
      flops: bytes(own(of, 'flops'), `${field}.work.flops`),
      bytes: bytes(own(of, 'bytes'), `${field}.work.bytes`),
      weightBytes: bytes(own(of, 'weightBytes'), `${field}.work.weightBytes`),
    };
    return { work, ms: amount(own(entry, 'ms'), `${field}.ms`) };
  };
  return {
    version,
    machine: string(own(top, 'machine'), 'machine'),
    engine: string(own(top, 'engine'), 'engine'),
    isa: string(own(top, 'isa'), 'isa'),
    threads: count(own(top, 'threads'), 'threads', 1, MOST_THREADS),
    source: string(own(top, 'source'), 'source'),
    kernels: Object.fromEntries(Object.entries(record(own(top, 'kernels'), 'kernels')).map(kernelCost)),
    others: {
      flopsPerMs: speed(own(others, 'flopsPerMs'), 'others.flopsPerMs'),
      bytesPerMs: speed(own(others, 'bytesPerMs'), 'others.bytesPerMs'),
    },
    read: {
      latencyMs: amount(own(read, 'latencyMs'), 'read.latencyMs'),
      bytesPerMs: speed(own(read, 'bytesPerMs'), 'read.bytesPerMs'),
      inFlight: count(own(read, 'inFlight'), 'read.inFlight', 1, MOST_IN_FLIGHT),
      handleMs: amount(own(read, 'handleMs'), 'read.handleMs'),
      handleMsPerGigabyte: amount(own(read, 'handleMsPerGigabyte'), 'read.handleMsPerGigabyte'),
    },
    measured: list(own(top, 'measured'), 'measured').map(timing),
  };
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
