/**
 * Predicted compute time of each step. A device that was measured (`profile.ts`) has the time of that very work where it
 * was timed. Other work costs what the kernel's family does: a line in operations, bytes and bytes of weights. On the
 * reference device the time is arithmetic or memory traffic, whichever takes longer.
 */
import type { WorkTable } from '../../../runtime/format/format.ts';
import type { Schedule } from '../schedule.ts';

/** What the time of a step is predicted from. */
export interface StepWork {
  /** Name of the kernel, `kernel/variant` where it was chosen among several; `host` for host ops. */
  readonly kernel: string;
  readonly flops: number;
  /** Activation bytes read and written. */
  readonly bytes: number;
  readonly weightBytes: number;
}

/** ms = fixed + flops × … + bytes × … + weight bytes × …; none is negative. */
export interface KernelCost {
  readonly fixedMs: number;
  readonly msPerGflop: number;
  readonly msPerGigabyte: number;
  readonly msPerGigabyteOfWeights: number;
}

/** What the cost model knows of a device. */
export interface Device {
  /** Floating point operations per millisecond, all threads together. */
  readonly flopsPerMs: number;
  /** Bytes of activations a kernel that only moves or scales them handles per millisecond. */
  readonly bytesPerMs: number;
  readonly readLatencyMs: number;
  readonly readBytesPerMs: number;
  /** Reads that the runtime keeps in flight. */
  readonly readsInFlight: number;
  /** What each read, and each gigabyte of them, takes from the threads that compute. */
  readonly handleMs: number;
  readonly handleMsPerGigabyte: number;
  /** By kernel or `kernel/variant`; others are predicted from `flopsPerMs` and `bytesPerMs`. */
  readonly kernels?: Readonly<Record<string, KernelCost>>;
  /** Milliseconds of work that was timed, by `workKey`. */
  readonly measured?: ReadonlyMap<string, number>;
}

/** One thread of the reference machine with plain WASM SIMD (40 GFLOP/s), and its disk read past the page cache. */
export const referenceDevice: Device = {
  flopsPerMs: 40e6,
  bytesPerMs: 8e6,
  readLatencyMs: 0.1,
  readBytesPerMs: 1.5e6,
  readsInFlight: 4,
  // Beside the compute, on cores of their own.
  handleMs: 0,
  handleMsPerGigabyte: 0,
};

/** Dispatch of one step, measured on the replay loop. */
const STEP_MS = 0.002;

/** Work of equal key is the same call in all that matters to its time. */
export const workKey = ({ kernel, flops, bytes, weightBytes }: StepWork): string =>
  `${kernel} ${flops} ${bytes} ${weightBytes}`;

export function worksOf(schedule: Schedule): StepWork[] {
  return schedule.steps.map(({ action, reads, flops, bytes }) => {
    let weightBytes = 0;
    for (const id of reads) {
      const slot = schedule.slots[id]!;
      if (slot.kind === 'weight') weightBytes += slot.byteLength;
    }
    const kernel = action.kind === 'host' ? 'host' : (action.variant ?? action.kernel);
    return { kernel, flops: Math.round(flops), bytes: Math.round(bytes), weightBytes };
  });
}

export const worksOfTable = (table: WorkTable): StepWork[] =>
  table.kernel.map((kernel, t) => ({
    kernel: table.kernels[kernel]!,
    flops: table.flops[t]!,
    bytes: table.bytes[t]!,
    weightBytes: table.weightBytes[t]!,
  }));

export function workMilliseconds(work: StepWork, device: Device): number {
  const timed = device.measured?.get(workKey(work));
  if (timed !== undefined) return timed;
  const { kernel, flops, bytes, weightBytes } = work;
  const cost = familyOf(kernel, device);
  if (cost === undefined)
    return STEP_MS + Math.max(flops / device.flopsPerMs, (bytes + weightBytes) / device.bytesPerMs);
  return (
    cost.fixedMs +
    (flops * cost.msPerGflop + bytes * cost.msPerGigabyte + weightBytes * cost.msPerGigabyteOfWeights) / 1e9
  );
}

/** A variant that was not timed costs what its kernel does. */
function familyOf(kernel: string, { kernels }: Device): KernelCost | undefined {
  if (kernels === undefined) return undefined;
  const plain = kernel.split('/')[0]!;
  return [kernel, plain].filter((name) => Object.hasOwn(kernels, name)).map((name) => kernels[name])[0];
}
