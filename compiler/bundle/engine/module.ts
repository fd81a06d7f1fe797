/** A WASM module as its sections, and what the parts of them say that are needed to leave functions out. */
import { malformed, PREAMBLE_BYTES, WasmCursor } from '../../../runtime/engine/wasm-cursor.ts';

export const sectionIds = {
  CUSTOM: 0,
  IMPORT: 2,
  EXPORT: 7,
  START: 8,
  ELEMENT: 9,
  CODE: 10,
  DATA: 11,
} as const;

export interface Section {
  readonly id: number;
  /** Between which bytes of the module its content lies. */
  readonly start: number;
  readonly end: number;
  /** Of a custom section. */
  readonly name: string;
}

/** The kind of imported and exported functions. */
const FUNCTION = 0;
/** The part of the section `name` that names functions. */
const FUNCTION_NAMES = 1;

export class WasmModule {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    const sections: Section[] = [];
    const cursor = new WasmCursor(bytes, PREAMBLE_BYTES);
    while (!cursor.done) {
      const id = cursor.byte();
      const length = cursor.number();
      const start = cursor.at;
      cursor.skip(length);
      const name = id === sectionIds.CUSTOM ? new WasmCursor(bytes, start, cursor.at).name() : '';
      sections.push({ id, start, end: cursor.at, name });
    }
    this.sections = sections;
  }

  /** Of the section's content; null where there is no such section. */
  cursor(id: number, name = ''): WasmCursor | null {
    const found = this.sections.find((section) => section.id === id && section.name === name);
    return found === undefined ? null : new WasmCursor(this.bytes, found.start, found.end);
  }

  /** Functions that are imported: the indices of the module's own begin here. */
  importedFunctions(): number {
    const cursor = this.cursor(sectionIds.IMPORT);
    let count = 0;
    for (let left = cursor?.number() ?? 0; left > 0; left--) {
      cursor!.name();
      cursor!.name();
      const kind = cursor!.byte();
      if (kind === FUNCTION) {
        cursor!.skipNumber();
        count++;
      } else if (kind === 2) {
        const limits = cursor!.byte();
        cursor!.skipNumber();
        if ((limits & 1) !== 0) cursor!.skipNumber();
      } else throw malformed(`import of kind ${kind}`);
    }
    return count;
  }

  /** Functions that the module's user can call. */
  entries(): number[] {
    const entries: number[] = [];
    const exports = this.cursor(sectionIds.EXPORT);
    for (let left = exports?.number() ?? 0; left > 0; left--) {
      exports!.name();
      const kind = exports!.byte();
      const index = exports!.number();
      if (kind === FUNCTION) entries.push(index);
    }
    const start = this.cursor(sectionIds.START);
    return start === null ? entries : [...entries, start.number()];
  }

  /** Functions in the table, by their place there. */
  table(): Map<number, number> {
    const cursor = this.cursor(sectionIds.ELEMENT);
    const table = new Map<number, number>();
    for (let left = cursor?.number() ?? 0; left > 0; left--) {
      const flags = cursor!.number();
      if (flags !== 0) throw malformed(`elements of kind ${flags}`);
      // Where they begin: an i32.const, and the end of the expression.
      if (cursor!.byte() !== 0x41) throw malformed('a place in the table that is no constant');
      const first = cursor!.signedNumber();
      cursor!.skip(1);
      const count = cursor!.number();
      for (let i = 0; i < count; i++) table.set(first + i, cursor!.number());
    }
    return table;
  }

  /** Every word of its data that may be a place in the table, at whichever byte it begins. */
  dataWords(): Set<number> {
    const words = new Set<number>();
    const found = this.sections.find(({ id }) => id === sectionIds.DATA);
    if (found === undefined) return words;
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset);
    for (let at = found.start; at + 4 <= found.end; at++) words.add(view.getInt32(at, true));
    return words;
  }

  /** Names of functions, by index. */
  names(): Map<number, string> {
    const cursor = this.cursor(sectionIds.CUSTOM, 'name');
    const names = new Map<number, string>();
    cursor?.name();
    while (cursor !== null && !cursor.done) {
      const part = cursor.byte();
      const length = cursor.number();
      if (part !== FUNCTION_NAMES) {
        cursor.skip(length);
        continue;
      }
      for (let left = cursor.number(); left > 0; left--) names.set(cursor.number(), cursor.name());
    }
    return names;
  }

  /** Between which bytes each of its own functions' bodies lies. */
  bodies(): { readonly start: number; readonly end: number }[] {
    const cursor = this.cursor(sectionIds.CODE);
    return Array.from({ length: cursor?.number() ?? 0 }, () => {
      const length = cursor!.number();
      const start = cursor!.at;
      cursor!.skip(length);
      return { start, end: cursor!.at };
    });
  }
}
