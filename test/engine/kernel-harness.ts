/**
 * Runs one kernel call of the built engine: places the operands in memory, records a program of one call, replays
 * it and reads the outputs back. Invariant: between operands lies a guard of NaNs, so a read past an operand shows
 * in the result and a write past one fails the run.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import {
  type KernelName,
  type KernelParams,
  type OperandName,
  signatureOf,
} from '../../runtime/engine/abi.ts';
import { controlWords, Program, status } from '../../runtime/engine/program.ts';

export const variants = ['plain', 'relaxed'] as const;
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

const files: Record<Variant, string> = { plain: 'engine.wasm', relaxed: 'engine-relaxed.wasm' };
const GUARD_BYTES = 256;
const PAGE = 65536;
const INITIAL_PAGES = 64;
const NEVER = 0x7fffffff;
const IMPORT_SECTION = 2;
const SHARED_WITH_MAXIMUM = 3;
const MAXIMUM_ONLY = 1;

export const engineBytes = (variant: Variant): Uint8Array<ArrayBuffer> => {
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
    // The engine imports its memory and nothing else: count 1, two names, kind, limits.
    assert.equal(number(), 1);
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

export class Kernels {
  readonly variant: Variant;
  readonly memory: WebAssembly.Memory;
  readonly exports: EngineExports;
  /** Threads that share a call; the words that a subclass with threads has to keep are not reset. */
  protected threads = 1;

  constructor(
    variant: Variant,
    memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: PAGE }),
    module = compileEngine(unshared(engineBytes(variant))),
  ) {
    this.variant = variant;
    this.memory = memory;
    const instance = new WebAssembly.Instance(module, { env: { memory } });
    this.exports = instance.exports as unknown as EngineExports;
  }

  /** Runs the prepared program to its end. */
  replay(): void {
    this.exports.replay();
  }

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
    new Int32Array(this.memory.buffer)[this.exports.control() / 4 + controlWords.indexOf('pc')] = 0;
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
    let end = align(this.exports.__heap_base.value as number) + PAGE * this.threads;
    const table = end;
    end = align(end + 8 * (names.length + 1)) + GUARD_BYTES;
    const given = operands as Readonly<Record<string, Elements | undefined>>;
    for (const name of names) {
      const elements = given[name];
      if (elements === undefined || places.has(elements)) continue;
      places.set(elements, end);
      end = align(end + elements.byteLength) + GUARD_BYTES;
    }
    const missing = Math.ceil(end / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) this.memory.grow(missing);

    const { buffer } = this.memory;
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
    const control = new Int32Array(buffer, this.exports.control(), controlWords.length);
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

const opened = new Map<Variant, Kernels>();
export const openKernels = (variant: Variant): Kernels => {
  const kernels = opened.get(variant) ?? new Kernels(variant);
  opened.set(variant, kernels);
  return kernels;
};

/** Declares the same tests for every build of the engine. */
export const eachVariant = (body: (kernels: Kernels) => void): void => {
  for (const variant of variants) describe(variant, () => body(openKernels(variant)));
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
