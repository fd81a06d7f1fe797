/**
 * The native engine as a loaded model sees it. An addon holds memory, threads, file and loader; here is only what it is
 * given and what comes back. Invariant: between `create` and `close` the arena is the addon's; inputs and outputs are copied through
 * a view of it while no run is going on.
 */
import type { ValueMemory } from '../engine/host.ts';
import type { NativeIsa } from '../engine/isa.ts';
import { type NativeAddon, type NativeHandle, sources, verifies } from '../engine/native/addon.ts';
import type { HeapTables } from '../engine/native/heap-tables.ts';
import { status } from '../engine/program.ts';
import { heldValueOffsets, type PlanChoice } from '../format/choose.ts';
import { type Manifest, RESIDENT } from '../format/format.ts';
import { anotherSize, type SourceKind, type SourceWish } from '../weights/source.ts';
import type { Engine } from './engine.ts';
import type { Verify } from './loader-parts.ts';
import { createNative, engineErrorOf, failureOf } from './native-errors.ts';
import { eventsOf, type LayerOf, TRACE_EVENTS, type TraceEvent } from './trace.ts';

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

export class NativeModel implements Engine {
  readonly kind = 'native';
  readonly isa: NativeIsa;
  readonly #parts: NativeParts;
  readonly #parent: NativeModel | null;
  readonly #handle: NativeHandle;
  readonly #offsets: Float64Array;
  #arena: ArrayBuffer;
  #source: SourceKind;
  #stallMs = 0;
  #bytesRead = 0;
  #allocations = 0;
  #allocatedBytes = 0;

  /** With a parent it is a context of that: the same plan in memory of its own, the parent's resident weights. */
  constructor(parts: NativeParts, parent: NativeModel | null = null) {
    const { manifest, choice, addon } = parts;
    const { plan, issue } = choice;
    this.#parts = parts;
    this.#parent = parent;
    this.#offsets = heldValueOffsets(manifest, plan);
    const created = createNative(addon, {
      isa: parts.isa,
      path: parts.weightsPath,
      source: sources.indexOf(parts.source),
      fallback: Number(parts.fallback),
      verify: verifies.indexOf(parts.verify),
      readers: parts.readers,
      threads: parts.threads,
      trace: parts.trace ? TRACE_EVENTS : 0,
      arenaBytes: plan.arenaBytes,
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
    if (state.failure !== 0) throw failureOf(state, this.#parts.manifest, this.#parts.weightsPath);
    if (ended === status.ERROR) throw engineErrorOf(state, this.#parts.nameOf(state.progress + 1));
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
    return Promise.resolve().then(() => new NativeModel({ ...this.#parts, threads }, this));
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
}
