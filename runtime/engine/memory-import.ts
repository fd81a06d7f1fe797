/**
 * The engine is linked for shared memory; one thread alone needs none, and memory that is not shared is there on
 * every page and needs no cross-origin isolation. The two differ in one bit: the `shared` flag in the limits of the
 * module's memory import. Atomic instructions stay valid on unshared memory; only a wait would trap, and the
 * engine's cooperative mode never waits. (WebAssembly core specification, 5.5.5 imports; threads proposal, limits.)
 */
import { MillraceError } from '../error.ts';

const IMPORT_SECTION = 2;
const kinds = { FUNCTION: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3 } as const;
const HAS_MAXIMUM = 1;
const SHARED = 2;
/** Magic and version. */
const PREAMBLE_BYTES = 8;

class Cursor {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw malformed('it ends early');
    return byte;
  }

  /** Unsigned LEB128. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  skipName(): void {
    const length = this.number();
    this.at += length;
  }

  skipLimits(): void {
    const flags = this.byte();
    this.number();
    if ((flags & HAS_MAXIMUM) !== 0) this.number();
  }
}

const malformed = (why: string): MillraceError =>
  new MillraceError('BUNDLE_INVALID', `not the engine: ${why}`, { at: 'engine.wasm' });

/** A copy of the module whose imported memory is not shared. */
export function unshareMemory(module: Uint8Array): Uint8Array {
  const flagsAt = memoryFlagsOf(module);
  const copy = module.slice();
  copy[flagsAt] = module[flagsAt]! & ~SHARED;
  return copy;
}

function memoryFlagsOf(module: Uint8Array): number {
  const cursor = new Cursor(module, PREAMBLE_BYTES);
  while (!cursor.done) {
    const section = cursor.byte();
    const length = cursor.number();
    if (section !== IMPORT_SECTION) {
      cursor.at += length;
      continue;
    }
    for (let left = cursor.number(); left > 0; left--) {
      cursor.skipName();
      cursor.skipName();
      const kind = cursor.byte();
      if (kind === kinds.MEMORY) return cursor.at;
      if (kind === kinds.FUNCTION) cursor.number();
      else if (kind === kinds.GLOBAL) cursor.at += 2;
      else if (kind === kinds.TABLE) {
        cursor.byte();
        cursor.skipLimits();
      } else throw malformed(`import of kind ${kind}`);
    }
  }
  throw malformed('it imports no memory');
}
