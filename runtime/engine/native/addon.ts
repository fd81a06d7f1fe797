/**
 * What the native addon exports and takes: see engine/native/addon.c. Numbers stand for enumerations of C; the lists
 * here have their order.
 */
import type { NativeIsa } from '../isa.ts';

declare const handle: unique symbol;
/** A model inside the addon. */
export type NativeHandle = { readonly [handle]: true };

export interface NativeAddon {
  /** Best first; the last is `baseline`. */
  readonly isas: readonly NativeIsa[];
  readonly abi: number;
  create(
    options: NativeOptions,
  ): NativeState & { readonly handle: NativeHandle; readonly arena: ArrayBuffer };
  run(handle: NativeHandle): Promise<number>;
  resume(handle: NativeHandle): Promise<number>;
  stop(handle: NativeHandle): void;
  state(handle: NativeHandle): NativeFailure;
  trace(handle: NativeHandle): Float64Array;
  /** Bytes of the file, for weights that lie in a mapping. */
  read(handle: NativeHandle, offset: number, target: Uint8Array): void;
  close(handle: NativeHandle): void;
  /** Asks the system to drop a file's cached pages. */
  forget(path: string): void;
  crc32(bytes: Uint8Array): number;
  /** Faults in mapped files that were caught in this process. */
  faults(): number;
}

export interface NativeOptions {
  readonly isa: string;
  readonly path: string;
  readonly source: number;
  readonly fallback: number;
  readonly verify: number;
  readonly readers: number;
  readonly threads: number;
  readonly trace: number;
  readonly arenaBytes: number;
  readonly program: Int32Array;
  /** Per value: its offset in the arena, or −1. */
  readonly offsets: Float64Array;
  /** Rows of {value, segment, offset in the segment}. */
  readonly weights: Float64Array;
  /** Rows of {offset in the file, bytes, CRC-32, issue, offset in the arena}. */
  readonly segments: Float64Array;
  /** Per segment: the step after which it may be read for the next run, or NOT_PRIMED. */
  readonly primes: Float64Array;
  /** Tensors taken from malloc: rows of {first step, step after the last, bytes} in order of the first step. */
  readonly lives: Float64Array;
  /** Rows of {value, row of `lives`, offset in it} in order of rows. */
  readonly members: Float64Array;
  /** The model whose resident weights these are too. */
  readonly parent: NativeHandle | undefined;
}

export interface NativeState {
  readonly isa: NativeIsa;
  readonly source: (typeof sources)[number];
  readonly fileBytes: number;
}

export interface NativeFailure extends NativeState {
  readonly detail: number;
  readonly pc: number;
  readonly progress: number;
  readonly stallMs: number;
  readonly bytesRead: number;
  readonly allocations: number;
  readonly allocatedBytes: number;
  /** An index in `failures`. */
  readonly failure: number;
  readonly segment: number;
  readonly crc32: number;
  readonly found: number;
  readonly message: string;
}

/** C has an enum of each, generated from these lists. */
export const failures = ['none', 'read', 'short', 'crc', 'changed'] as const;
export const sources = ['file', 'direct', 'mmap'] as const;
export const verifies = ['always', 'first', 'never'] as const;
