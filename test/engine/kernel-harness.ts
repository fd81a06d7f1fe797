/**
 * Runs one kernel call of the built engine, in WASM or natively: places the operands in memory, records a program of one call, replays
 * it and reads the outputs back. Invariant: between operands lies a guard of NaNs, so a read past an operand shows
 * in the result and a write past one fails the run; what `reach.ts` says of a call is within the operands.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { engineImports } from '../../runtime/engine/instance.ts';
import { operandsOf } from '../../runtime/engine/operands.ts';
import { controlWords, Program, status } from '../../runtime/engine/program.ts';
import { reachOf } from '../../runtime/engine/reach.ts';
import {
  type KernelName,
  type KernelParams,
  type OperandName,
  signatureOf,
} from '../../runtime/kernels/table.ts';
import { skipped } from '../support/skip.ts';
import { type Driver, type NativeVariant, nativeVariants, startDriver } from './native-driver.ts';

export const wasmVariants = ['plain', 'relaxed'] as const;
export type WasmVariant = (typeof wasmVariants)[number];
export const variants = [...wasmVariants, ...nativeVariants] as const;
export type Variant = (typeof variants)[number];

export type Elements =
  | Float32Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Float64Array;

/** The same array given twice is one place in memory: an operation in place. */
export type Operands<K extends KernelName> = { readonly [O in OperandName<K>]?: Elements | undefined };

export interface EngineExports {
  readonly control: () => number;
  readonly replay: () => number;
  readonly worker: (thread: number) => void;
  readonly __heap_base: WebAssembly.Global;
  readonly __stack_pointer: WebAssembly.Global;
}

const files: Record<WasmVariant, string> = { plain: 'engine.wasm', relaxed: 'engine-relaxed.wasm' };
const GUARD_BYTES = 256;
const PAGE = 65536;
const INITIAL_PAGES = 64;
const NEVER = 0x7fffffff;
/** More than the operands of any kernel. */
const MOST_VALUES = 8;
const IMPORT_SECTION = 2;
const SHARED_WITH_MAXIMUM = 3;
const MAXIMUM_ONLY = 1;

export const engineBytes = (variant: WasmVariant): Uint8Array<ArrayBuffer> => {
  const url = new URL(`../../build/engine/${files[variant]}`, import.meta.url);
  try {
    return new Uint8Array(readFileSync(url));
  } catch (cause) {
    throw new Error('the engine is not built: npm run build:engine', { cause });
  }
};

/** The binary with its imported memory declared unshared. */
export const unshared = (wasm: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
  const bytes = wasm.slice();
  let at = 8;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  for (;;) {
    const section = bytes[at++]!;
    const end = number() + at;
    if (section !== IMPORT_SECTION) {
      at = end;
      continue;
    }
    // The engine imports its memory, and then a clock: count 2, two names, kind, limits.
    assert.equal(number(), 2);
    for (let name = 0; name < 2; name++) {
      const length = number();
      at += length;
    }
    assert.equal(bytes[at++], 2, 'the import is a memory');
    assert.equal(bytes[at], SHARED_WITH_MAXIMUM);
    bytes[at] = MAXIMUM_ONLY;
    return bytes;
  }
};

export const compileEngine = (bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module => {
  // Node 20 has relaxed SIMD behind this flag; later versions do not know it any more.
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--experimental-wasm-relaxed-simd');
  return new WebAssembly.Module(bytes);
};

/** A place for operands and a way to run a call on them. */
export abstract class Kernels {
  readonly variant: Variant;
  /** Threads that share a call; the words that a subclass with threads has to keep are not reset. */
  protected threads = 1;
  /** End of the operands of the prepared call. */
  protected end = 0;

  constructor(variant: Variant) {
    this.variant = variant;
  }

  protected abstract get buffer(): ArrayBufferLike;
  /** First byte that is free, and where the control block is. */
  protected abstract get base(): number;
  protected abstract get control(): number;
  protected abstract reserve(bytes: number): void;

  /** Runs the prepared program to its end. */
  abstract replay(): void;
  /** The shortest time of `repeats` replays of the prepared program. */
  abstract seconds(repeats: number): number;

  /**
   * Runs the call and returns the output: the array given for it, copied, with what the kernel wrote. Another operand
   * that it writes may be asked for instead.
   */
  run<K extends KernelName, O extends Elements>(
    kernel: K,
    operands: Operands<K> & { readonly y: O },
    params: KernelParams<K>,
    output: O = operands.y,
  ): O {
    const finish = this.prepare(kernel, operands, params, output);
    this.replay();
    return finish();
  }

  /** Back to the start of the prepared program. */
  rewind(): void {
    new Int32Array(this.buffer)[this.control / 4 + controlWords.indexOf('pc')] = 0;
  }

  /** Places everything; the caller may then rewind and replay as often as it likes and `finish` to read the output. */
  prepare<K extends KernelName, O extends Elements>(
    kernel: K,
    operands: Operands<K> & { readonly y: O },
    params: KernelParams<K>,
    output: O = operands.y,
  ): () => O {
    const places = new Map<Elements, number>();
    const ids: Record<string, number> = {};
    const names = Object.keys(signatureOf(kernel).operands);
    let end = align(this.base) + PAGE * this.threads;
    const table = end;
    end = align(end + 8 * (names.length + 1)) + GUARD_BYTES;
    const given = operands as Readonly<Record<string, Elements | undefined>>;
    for (const name of names) {
      const elements = given[name];
      if (elements === undefined || places.has(elements)) continue;
      places.set(elements, end);
      end = align(end + elements.byteLength) + GUARD_BYTES;
    }
    this.reserve(end);
    this.end = end;

    const { buffer } = this;
    new Uint8Array(buffer).fill(0xff, table, end);
    const addresses = new BigUint64Array(buffer, table, names.length + 1);
    names.forEach((name, index) => {
      const elements = given[name];
      if (elements === undefined) return;
      const place = places.get(elements)!;
      new Uint8Array(buffer, place, elements.byteLength).set(bytesOf(elements));
      addresses[index + 1] = BigInt(place);
      ids[name] = index + 1;
    });
    const program = new Program().call(kernel, ids as { [N in OperandName<K>]?: number }, params).end();
    for (const operand of operandsOf(program, [])) {
      const reach = reachOf(operand);
      const { byteLength } = given[operand.name]!;
      assert.ok(
        operand.role === 'weight'
          ? reach?.high === byteLength
          : reach === null || (reach.low >= 0 && reach.high <= byteLength),
        `${operand.name} of ${kernel} has ${byteLength} bytes; reach.ts says ${JSON.stringify(reach)}`,
      );
    }
    const control = new Int32Array(buffer, this.control, controlWords.length);
    const programAt = table - PAGE;
    new Int32Array(buffer, programAt, program.length).set(program);
    const set = (word: (typeof controlWords)[number], value: number): void => {
      control[controlWords.indexOf(word)] = value;
    };
    set('pc', 0);
    set('program', programAt);
    set('addresses', table);
    set('wakeAt', NEVER);
    set('threads', this.threads);
    set('cooperative', this.threads === 1 ? 1 : 0);

    return () => {
      const detail = control[controlWords.indexOf('detail')];
      assert.equal(
        control[controlWords.indexOf('status')],
        status.DONE,
        `${kernel} ended with detail ${detail}`,
      );
      for (const [elements, place] of places) {
        const after = new Uint8Array(buffer, place + elements.byteLength, GUARD_BYTES);
        assert.ok(
          after.every((byte) => byte === 0xff),
          `${kernel} wrote past an operand`,
        );
        const before = new Uint8Array(buffer, place - GUARD_BYTES, GUARD_BYTES);
        assert.ok(
          before.every((byte) => byte === 0xff),
          `${kernel} wrote before an operand`,
        );
      }
      const result = output.slice() as O;
      bytesOf(result).set(new Uint8Array(buffer, places.get(output)!, result.byteLength));
      return result;
    };
  }
}

const align = (address: number): number => (address + 63) & ~63;
const bytesOf = (elements: Elements): Uint8Array =>
  new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);

export class WasmKernels extends Kernels {
  readonly memory: WebAssembly.Memory;
  readonly exports: EngineExports;

  constructor(
    variant: WasmVariant,
    memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: PAGE }),
    module = compileEngine(unshared(engineBytes(variant))),
  ) {
    super(variant);
    this.memory = memory;
    const instance = new WebAssembly.Instance(module, engineImports(memory));
    this.exports = instance.exports as unknown as EngineExports;
  }

  protected get buffer(): ArrayBufferLike {
    return this.memory.buffer;
  }

  protected get base(): number {
    return this.exports.__heap_base.value as number;
  }

  protected get control(): number {
    return this.exports.control();
  }

  protected reserve(bytes: number): void {
    const missing = Math.ceil(bytes / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) this.memory.grow(missing);
  }

  replay(): void {
    this.exports.replay();
  }

  seconds(repeats: number): number {
    let best = Number.POSITIVE_INFINITY;
    for (let repeat = 0; repeat < repeats; repeat++) {
      this.rewind();
      const started = performance.now();
      this.replay();
      best = Math.min(best, (performance.now() - started) / 1000);
    }
    return best;
  }
}

/** A driver, and a copy here of its image, in which operands are placed. */
export class NativeKernels extends Kernels {
  protected readonly base = PAGE;
  protected readonly control = 0;
  protected buffer = new ArrayBuffer(INITIAL_PAGES * PAGE);
  readonly #driver: Driver;

  constructor(variant: NativeVariant, driver: Driver) {
    super(variant);
    this.#driver = driver;
  }

  protected reserve(bytes: number): void {
    if (bytes > this.buffer.byteLength) this.buffer = new ArrayBuffer(2 * bytes);
  }

  replay(): void {
    this.seconds(1);
    this.#driver.fetch(0, new Uint8Array(this.buffer, 0, this.end));
    const words = new Int32Array(this.buffer, this.control, controlWords.length);
    words[controlWords.indexOf('status')] = this.#replayed.status;
    words[controlWords.indexOf('detail')] = this.#replayed.detail;
  }

  seconds(repeats: number): number {
    const word = (name: (typeof controlWords)[number]): number =>
      new Int32Array(this.buffer, this.control)[controlWords.indexOf(name)]!;
    const addresses = word('addresses');
    this.#driver.load(0, new Uint8Array(this.buffer, 0, this.end));
    this.#replayed = this.#driver.replay(word('program'), addresses, MOST_VALUES, repeats, this.threads);
    return this.#replayed.seconds;
  }

  setThreads(threads: number): void {
    this.threads = threads;
  }

  /** Multiply-adds per second of one thread, operands in registers. */
  peak(repeats: number): number {
    return this.#driver.peak(repeats);
  }

  #replayed = { status: 0, detail: 0, seconds: 0 };
}

const isNative = (variant: Variant): variant is NativeVariant =>
  (nativeVariants as readonly string[]).includes(variant);

/** What `open` gives for a name, made once. */
const remembered = <N, K>(open: (name: N) => K): ((name: N) => K) => {
  const opened = new Map<N, K>();
  return (name) => {
    const kernels = opened.get(name) ?? open(name);
    opened.set(name, kernels);
    return kernels;
  };
};

export const openWasm = remembered((variant: WasmVariant) => new WasmKernels(variant));
/** The drivers, or why there is none. */
export const openDriver = remembered(startDriver);
const openNative = remembered((variant: NativeVariant) => {
  const driver = openDriver(variant);
  return typeof driver === 'string' ? driver : new NativeKernels(variant, driver);
});

/** The kernels of a variant, or the reason why they can't run here. */
export const openKernels = (variant: Variant): Kernels | string =>
  isNative(variant) ? openNative(variant) : openWasm(variant);

/** Declares the same tests for every build of the engine. */
export const eachVariant = (body: (kernels: Kernels) => void): void => {
  for (const variant of variants) {
    const kernels = openKernels(variant);
    if (typeof kernels === 'string') skipped(variant, kernels);
    else describe(variant, () => body(kernels));
  }
};

/** Numbers in [low, high), the same for the same seed. */
export const seeded = (count: number, seed: number, low = -1, high = 1): Float32Array => {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + ((high - low) * (state >>> 8)) / 2 ** 24;
  });
};

/** Every element within `tolerance` of the expected one, relative where that is larger than 1. NaN equals NaN. */
export const assertClose = (
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void => {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const e = expected[i]!;
    if (Object.is(a, e) || a === e || (Number.isNaN(a) && Number.isNaN(e))) continue;
    const allowed = tolerance * Math.max(1, Math.abs(e));
    assert.ok(Math.abs(a - e) <= allowed, `element ${i}: ${a}, expected ${e}`);
  }
};

export const assertSameBits = (actual: Elements, expected: Elements): void => {
  assert.deepEqual(bytesOf(actual), bytesOf(expected));
};
