/**
 * One engine in WASM: the module, a memory of exactly the planned size that never grows, and the tables the engine
 * reads: addresses by value id, segment states, the program. Invariant: after construction TypeScript writes only
 * inputs, states and control words; offsets of the plan have become addresses once and for all.
 */

import { MillraceError } from '../error.ts';
import { heldValueOffsets } from '../format/choose.ts';
import type { Manifest, Plan } from '../format/format.ts';
import { formatSize } from '../size.ts';
import { Control } from './control.ts';
import type { ValueMemory } from './host.ts';
import { type EngineExports, instantiate } from './instance.ts';
import { ENGINE_BYTES, type Layout, layoutOf, WASM_PAGE_BYTES } from './layout.ts';
import { unshareMemory } from './memory-import.ts';
import type { segmentStates } from './program.ts';
import { TRACE_EVENT_BYTES, TRACE_HEADER_BYTES, TRACE_ROW } from './trace-rows.ts';

const WASM_MAX_PAGES = 65536;

export class WasmEngine implements ValueMemory {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly layout: Layout;
  readonly control: Control;
  /** Address of each value; 0 where it has none. */
  readonly addresses: Float64Array;
  readonly #states: Int32Array;
  readonly #exports: EngineExports;

  constructor(
    module: WebAssembly.Module,
    manifest: Manifest,
    plan: Plan,
    program: Int32Array,
    threads: number,
    /** Events that the ring of its threads keeps, a power of two; 0: none. */
    traceEvents = 0,
  ) {
    const sizes = {
      values: manifest.values,
      segments: manifest.segments.length,
      programWords: manifest.programWords,
    };
    this.module = module;
    this.layout = layoutOf(sizes, plan.arenaBytes, threads, traceEvents);
    this.memory = allocate(this.layout.pages, threads > 1);
    this.#exports = instantiate(module, this.memory);
    if ((this.#exports.__heap_base.value as number) > ENGINE_BYTES)
      throw new MillraceError('BUNDLE_INVALID', 'the engine needs more room than the runtime leaves it', {
        at: 'engine.wasm',
        expected: `__heap_base at most ${ENGINE_BYTES}`,
        got: String(this.#exports.__heap_base.value),
      });
    const { buffer } = this.memory;
    this.addresses = heldValueOffsets(manifest, plan).map((offset) =>
      offset < 0 ? 0 : this.layout.arena + offset,
    );
    const table = new BigUint64Array(buffer, this.layout.addresses, manifest.values);
    for (const [value, address] of this.addresses.entries()) table[value] = BigInt(address);
    new Int32Array(buffer, this.layout.program, program.length).set(program);
    this.#states = new Int32Array(buffer, this.layout.states, manifest.segments.length);
    this.control = new Control(buffer, this.#exports.control());
    this.control.set('addresses', this.layout.addresses);
    this.control.set('states', this.layout.states);
    this.control.set('program', this.layout.program);
    this.control.set('threads', threads);
    this.control.set('cooperative', threads > 1 ? 0 : 1);
    if (traceEvents > 0) {
      new Uint32Array(buffer, this.layout.trace, 1)[0] = traceEvents;
      this.control.set('trace', this.layout.trace);
    }
  }

  /** The version of the boundary that the module was built for, signed; undefined where it does not say. */
  get abi(): number | undefined {
    return this.#exports.abi?.();
  }

  /** Cooperative mode: runs until the caller is needed; the new status. A trap in a kernel is an ENGINE error. */
  replay(): number {
    try {
      return this.#exports.replay();
    } catch (cause) {
      throw new MillraceError('ENGINE', `trap: ${(cause as Error).message}`, {
        at: `word ${this.control.get('pc')} of the program`,
        cause,
      });
    }
  }

  /** A view of engine memory. */
  bytes(address: number, byteLength: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, byteLength);
  }

  valueBytes(value: number, byteLength: number): Uint8Array {
    return this.bytes(this.addresses[value]!, byteLength);
  }

  /** What its threads recorded, oldest first: rows of {what, id, thread, start, end}, milliseconds since the epoch. */
  traceRows(): Float64Array {
    const { trace } = this.layout;
    if (trace === 0) return new Float64Array(0);
    const view = new DataView(this.memory.buffer, trace);
    const capacity = view.getUint32(0, true);
    const next = view.getUint32(4, true);
    const kept = Math.min(next, capacity);
    const rows = new Float64Array(kept * TRACE_ROW);
    for (let n = 0; n < kept; n++) {
      const at = TRACE_HEADER_BYTES + ((next - kept + n) % capacity) * TRACE_EVENT_BYTES;
      const words = [0, 4, 8].map((offset) => view.getInt32(at + offset, true));
      const times = [16, 24].map((offset) => Number(view.getBigInt64(at + offset, true)) / 1e6);
      rows.set([...words, ...times], n * TRACE_ROW);
    }
    return rows;
  }

  setState(segment: number, state: (typeof segmentStates)[keyof typeof segmentStates]): void {
    Atomics.store(this.#states, segment, state);
    Atomics.notify(this.#states, segment);
  }
}

function allocate(pages: number, shared: boolean): WebAssembly.Memory {
  try {
    if (pages > WASM_MAX_PAGES) throw new RangeError('more than 4 GiB');
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (cause) {
    throw new MillraceError('ENGINE', `no memory for the engine: ${(cause as Error).message}`, {
      got: formatSize(pages * WASM_PAGE_BYTES),
      hint: 'Load a smaller plan: pass a budget.',
      cause,
    });
  }
}

/** Throws ENGINE where WebAssembly is switched off, as `node --jitless` does. */
export function checkWebAssembly(): void {
  if (typeof WebAssembly === 'object') return;
  throw new MillraceError('ENGINE', 'this platform has no WebAssembly', {
    at: 'engine',
    hint: 'Use the native engine, or run Node without --jitless.',
  });
}

/** Compiles the engine for one isolate's memory or for shared memory. */
export async function compileEngine(bytes: Uint8Array, shared: boolean): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile((shared ? bytes : unshareMemory(bytes)) as Uint8Array<ArrayBuffer>);
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError('BUNDLE_INVALID', (cause as Error).message, { at: 'engine.wasm', cause });
  }
}

/** This runtime can run the module: the test for relaxed SIMD, on the very module in question. */
export const canRun = (bytes: Uint8Array): boolean => WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>);
