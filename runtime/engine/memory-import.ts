/**
 * The engine is linked for shared memory; one thread alone needs none, and memory that is not shared is there on
 * every page and needs no cross-origin isolation. The two differ in one bit: the `shared` flag in the limits of the
 * module's memory import. Atomic instructions stay valid on unshared memory; only a wait would trap, and the
 * engine's cooperative mode never waits. (WebAssembly core specification, 5.5.5 imports; threads proposal, limits.)
 */
import { malformed, PREAMBLE_BYTES, WasmCursor } from './wasm-cursor.ts';

const IMPORT_SECTION = 2;
const kinds = { FUNCTION: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3 } as const;
const HAS_MAXIMUM = 1;
const SHARED = 2;

/** A copy of the module whose imported memory is not shared. */
export function unshareMemory(module: Uint8Array): Uint8Array {
  const flagsAt = memoryFlagsOf(module);
  const copy = module.slice();
  copy[flagsAt] = module[flagsAt]! & ~SHARED;
  return copy;
}

function memoryFlagsOf(module: Uint8Array): number {
  const cursor = new WasmCursor(module, PREAMBLE_BYTES);
  while (!cursor.done) {
    const section = cursor.byte();
    const length = cursor.number();
    if (section !== IMPORT_SECTION) {
      cursor.skip(length);
      continue;
    }
    for (let left = cursor.number(); left > 0; left--) {
      cursor.name();
      cursor.name();
      const kind = cursor.byte();
      if (kind === kinds.MEMORY) return cursor.at;
      if (kind === kinds.FUNCTION) cursor.number();
      else if (kind === kinds.GLOBAL) cursor.skip(2);
      else if (kind === kinds.TABLE) {
        cursor.byte();
        skipLimits(cursor);
      } else throw malformed(`import of kind ${kind}`);
    }
  }
  throw malformed('it imports no memory');
}

function skipLimits(cursor: WasmCursor): void {
  const flags = cursor.byte();
  cursor.number();
  if ((flags & HAS_MAXIMUM) !== 0) cursor.number();
}
