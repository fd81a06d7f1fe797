/** A place in the bytes of a WASM module, moved by what is read there (WebAssembly core specification, 5). */
import { MillraceError } from '../error.ts';

/** Magic and version, before the first section. */
export const PREAMBLE_BYTES = 8;

export const malformed = (why: string): MillraceError =>
  new MillraceError('BUNDLE_INVALID', `not the engine: ${why}`, { at: 'engine.wasm' });

export class WasmCursor {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  at: number;

  constructor(bytes: Uint8Array, at: number, end = bytes.length) {
    this.#bytes = bytes;
    this.#end = end;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.#end;
  }

  byte(): number {
    if (this.at >= this.#end) throw malformed('it ends early');
    return this.#bytes[this.at++]!;
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

  /** Signed LEB128 of at most 32 bits. */
  signedNumber(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) return shift < 25 && (byte & 64) !== 0 ? value | (-1 << (shift + 7)) : value;
    }
  }

  /** LEB128 of either sign, whose value does not matter. */
  skipNumber(): void {
    while (this.byte() >= 128);
  }

  skip(count: number): void {
    if (count > this.#end - this.at) throw malformed('it ends early');
    this.at += count;
  }

  name(): string {
    const length = this.number();
    const from = this.at;
    this.skip(length);
    return new TextDecoder().decode(this.#bytes.subarray(from, from + length));
  }
}
