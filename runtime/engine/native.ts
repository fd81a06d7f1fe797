/**
 * The native engine: an addon that holds memory, threads, file and loader of a model; here are only its options and
 * its errors. Invariant: between `create` and `close` the arena is the addon's; inputs and outputs are copied through
 * a view of it while no run is going on.
 */
import { heldValueOffsets, type PlanChoice } from '../bundle/choose.ts';
import { type Manifest, RESIDENT } from '../bundle/format.ts';
import { MillraceError } from '../error.ts';
import type { SourceWish } from '../options.ts';
import type { Verify } from '../pipeline/loader-parts.ts';
import { eventsOf, type LayerOf, TRACE_EVENTS, type TraceEvent } from '../pipeline/trace.ts';
import { anotherSize, damaged, endsEarly, type SourceKind } from '../weights/source.ts';
import type { Engine, NativeIsa, ValueMemory } from './engine.ts';
import type { HeapTables } from './heap-tables.ts';
import { engineErrors, engineReasons, status } from './program.ts';

declare const handle: unique symbol;
/** A model inside the addon. */
export type NativeHandle = { readonly [handle]: true };

/** What the addon exports: see engine/native/addon.c. */
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

interface NativeOptions {
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

interface NativeState {
  readonly isa: NativeIsa;
  readonly source: SourceKind;
  readonly fileBytes: number;
}

interface NativeFailure extends NativeState {
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

/** In the order of `enum failure_kind`, `enum source` and `enum verify` in engine/native/loader.h. */
const failures = ['none', 'read', 'short', 'crc', 'changed'] as const;
const sources = ['file', 'direct', 'mmap'] as const;
const verifies: readonly Verify[] = ['always', 'first', 'never'];

export interface NativeParts {
  readonly addon: NativeAddon;
  readonly isa: string;
  readonly weightsPath: string;
  readonly manifest: Manifest;
  readonly choice: PlanChoice;
  readonly program: Int32Array;
  readonly source: Exclude<SourceWish, 'auto'>;
  /** A direct source may turn out to be refused by the file system: read through the cache then. */
  readonly fallback: boolean;
  readonly threads: number;
  readonly readers: number;
  readonly verify: Verify;
  readonly trace: boolean;
  /** Tensors that malloc places instead of the plan; null: none. */
  readonly heap: HeapTables | null;
  readonly host: (index: number, memory: ValueMemory) => void;
  readonly nameOf: (step: number) => string;
  readonly layerOf: LayerOf;
}

export class NativeEngine implements Engine {
  readonly kind = 'native';
  readonly isa: NativeIsa;
  readonly #parts: NativeParts;
  readonly #parent: NativeEngine | null;
  readonly #handle: NativeHandle;
  readonly #offsets: Float64Array;
  #arena: ArrayBuffer;
  #source: SourceKind;
  #stallMs = 0;
  #bytesRead = 0;
  #allocations = 0;
  #allocatedBytes = 0;

  /** With a parent it is a context of that: the same plan in memory of its own, the parent's resident weights. */
  constructor(parts: NativeParts, parent: NativeEngine | null = null) {
    const { manifest, choice, addon } = parts;
    const { plan, issue } = choice;
    this.#parts = parts;
    this.#parent = parent;
    this.#offsets = heldValueOffsets(manifest, plan);
    const created = create(parts, {
      isa: parts.isa,
      path: parts.weightsPath,
      source: sources.indexOf(parts.source),
      fallback: Number(parts.fallback),
      verify: verifies.indexOf(parts.verify),
      readers: parts.readers,
      threads: parts.threads,
      trace: parts.trace ? TRACE_EVENTS : 0,
      arenaBytes: choice.arenaBytes,
      program: parts.program,
      offsets: Float64Array.from(plan.valueOffsets),
      weights: Float64Array.from(
        manifest.weights.flatMap(({ value, segment, offset }) => [value, segment, offset]),
      ),
      segments: Float64Array.from(
        manifest.segments.flatMap(({ offset, byteLength, crc32 }, s) => [
          offset,
          byteLength,
          crc32,
          issue[s]!,
          plan.segmentOffsets[s]!,
        ]),
      ),
      primes: Float64Array.from(choice.prime),
      lives: parts.heap?.lives ?? new Float64Array(0),
      members: parts.heap?.members ?? new Float64Array(0),
      parent: parent === null ? undefined : parent.#handle,
    });
    this.#handle = created.handle;
    this.#arena = created.arena;
    this.#source = created.source;
    this.isa = created.isa;
    if (created.fileBytes !== manifest.weightsFileBytes) {
      addon.close(created.handle);
      throw anotherSize(manifest.weightsFileBytes, created.fileBytes);
    }
  }

  get source(): SourceKind {
    return this.#source;
  }

  get stallMs(): number {
    return this.#stallMs;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  get allocations(): number {
    return this.#allocations;
  }

  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  valueBytes(value: number, byteLength: number): Uint8Array {
    const { manifest, addon, choice } = this.#parts;
    const mapped = this.#source === 'mmap';
    const weight =
      (mapped || this.#parent !== null) && manifest.weights.find((entry) => entry.value === value);
    if (weight && !mapped && choice.issue[weight.segment] === RESIDENT)
      return this.#parent!.valueBytes(value, byteLength);
    if (!weight || !mapped) return new Uint8Array(this.#arena, this.#offsets[value], byteLength);
    const copy = new Uint8Array(byteLength);
    addon.read(this.#handle, manifest.segments[weight.segment]!.offset + weight.offset, copy);
    return copy;
  }

  async run(): Promise<boolean> {
    const { addon, host } = this.#parts;
    let ended = await addon.run(this.#handle);
    while (ended === status.HOST) {
      try {
        host(addon.state(this.#handle).detail, this);
      } catch (error) {
        // The run must end before the model can be used again: it is stopped at the next step.
        addon.stop(this.#handle);
        await this.#finish();
        throw error;
      }
      ended = await addon.resume(this.#handle);
    }
    const state = addon.state(this.#handle);
    this.#source = state.source;
    this.#stallMs = state.stallMs;
    this.#bytesRead = state.bytesRead;
    this.#allocations = state.allocations;
    this.#allocatedBytes = state.allocatedBytes;
    if (state.failure !== 0) throw this.#failure(state);
    if (ended === status.ERROR) throw this.#engineError(state);
    return ended === status.DONE;
  }

  stop(): void {
    this.#parts.addon.stop(this.#handle);
  }

  trace(): readonly TraceEvent[] {
    return eventsOf(this.#parts.addon.trace(this.#handle), this.#parts.layerOf);
  }

  context(threads: number): Promise<Engine> {
    // What can fail is told as in load.
    return Promise.resolve().then(() => new NativeEngine({ ...this.#parts, threads }, this));
  }

  async close(): Promise<void> {
    this.#parts.addon.close(this.#handle);
    this.#arena = new ArrayBuffer(0);
  }

  /** Resumes a stopped run until it has noticed. */
  async #finish(): Promise<void> {
    let ended: number;
    do ended = await this.#parts.addon.resume(this.#handle);
    while (ended === status.HOST);
  }

  #failure(state: NativeFailure): MillraceError {
    const { manifest, weightsPath } = this.#parts;
    const segment = manifest.segments[state.segment];
    const hint = 'weights.bin was changed while it was in use: load the bundle again.';
    switch (failures[state.failure]) {
      case 'crc':
        return damaged(state.segment, segment!, state.crc32);
      case 'short':
        return endsEarly(weightsPath, segment!.offset, segment!.byteLength, state.found);
      case 'changed':
        return new MillraceError('SEGMENT_READ', 'the file was changed during the run', {
          at: weightsPath,
          hint,
        });
      default:
        return new MillraceError('SEGMENT_READ', `read at ${segment?.offset ?? 0}: ${state.message}`, {
          at: weightsPath,
        });
    }
  }

  #engineError({ detail, progress }: NativeFailure): MillraceError {
    const at = this.#parts.nameOf(progress + 1);
    if (detail === engineErrors.FAULT)
      return new MillraceError('SEGMENT_READ', 'mapped weights could not be read', {
        at,
        hint: 'weights.bin shrank or its disk failed: copy the bundle again.',
      });
    return new MillraceError('ENGINE', engineReasons[detail] ?? `engine error ${detail}`, { at });
  }
}

function create({ addon, weightsPath }: NativeParts, options: NativeOptions) {
  try {
    return addon.create(options);
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    if (code === 'MEMORY')
      throw new MillraceError('ENGINE', message, { hint: 'Load a smaller plan: pass a budget.', cause });
    if (code === 'ISA')
      throw new MillraceError('ENGINE', message, {
        expected: addon.isas.join(', '),
        got: options.isa,
        cause,
      });
    if (code === 'CHANGED')
      throw new MillraceError('BUNDLE_READ', message, {
        at: weightsPath,
        hint: 'weights.bin was replaced after the model was loaded: load the bundle again.',
        cause,
      });
    const kind = sources[options.source];
    if (code === 'REFUSED' && kind !== 'file')
      throw new MillraceError('OPTION', `source ${kind} is not served here: ${message}`, {
        at: weightsPath,
        hint: 'Use source auto or file.',
        cause,
      });
    throw new MillraceError('BUNDLE_READ', message, { at: weightsPath, cause });
  }
}
