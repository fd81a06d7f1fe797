/**
 * Decodes msgpack (github.com/msgpack/msgpack, spec.md) as a manifest has it: nil, booleans, numbers, text, byte
 * strings, arrays, maps with keys of text; no extensions, so that decoding makes data and nothing else. It is one pass
 * over untrusted bytes. Invariant: what it makes is bounded by `MsgpackLimits` before it is made, so a short file can
 * not ask for much memory.
 */

export interface MsgpackLimits {
  /** Arrays and maps inside each other. */
  readonly depth: number;
  /** Arrays and maps in all. */
  readonly containers: number;
  /** All values, containers and keys among them. */
  readonly values: number;
}

/** Longer text is rarely there twice. */
const SHORT_TEXT = 64;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Throws an Error that says at which byte, and what is wrong there. */
export function decodeMsgpack(bytes: Uint8Array, limits: MsgpackLimits): unknown {
  const reader = new Reader(bytes, limits);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw new Error(`byte ${reader.at}: more after the value`);
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: MsgpackLimits;
  #containers = 0;
  #values = 0;
  readonly #texts = new Map<number, string>();
  at = 0;

  constructor(bytes: Uint8Array, limits: MsgpackLimits) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
  }

  value(depth: number): unknown {
    const at = this.at;
    const type = this.#uint(1);
    if (type < 0x80) return type;
    if (type < 0x90) return this.#map(type & 15, depth);
    if (type < 0xa0) return this.#array(type & 15, depth);
    if (type < 0xc0) return this.#text(type & 31);
    if (type >= 0xe0) return type - 256;
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#take(this.#uint(1 << (type - 0xc4)));
      case 0xca:
        return this.#view.getFloat32(this.#skip(4));
      case 0xcb:
        return this.#view.getFloat64(this.#skip(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (type - 0xcc));
      case 0xcf:
        return exact(this.#view.getBigUint64(this.#skip(8)));
      case 0xd0:
        return this.#view.getInt8(this.#skip(1));
      case 0xd1:
        return this.#view.getInt16(this.#skip(2));
      case 0xd2:
        return this.#view.getInt32(this.#skip(4));
      case 0xd3:
        return exact(this.#view.getBigInt64(this.#skip(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#uint(1 << (type - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#uint(type === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(type === 0xde ? 2 : 4), depth);
      default:
        throw new Error(`byte ${at}: type 0x${type.toString(16)}`);
    }
  }

  #array(length: number, depth: number): unknown[] {
    this.#enter(length, depth);
    const array: unknown[] = [];
    for (let i = 0; i < length; i++) array.push(this.value(depth + 1));
    return array;
  }

  #map(length: number, depth: number): Record<string, unknown> {
    this.#enter(2 * length, depth);
    const map: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      const at = this.at;
      const key = this.value(depth + 1);
      // Setting this one would change what the object is.
      if (typeof key !== 'string' || key === '__proto__') throw new Error(`byte ${at}: not a key`);
      map[key] = this.value(depth + 1);
    }
    return map;
  }

  /** A container of so many values, each of at least one byte. */
  #enter(values: number, depth: number): void {
    const { depth: deepest, containers, values: most } = this.#limits;
    if (depth >= deepest) throw new Error(`byte ${this.at}: nested more than ${deepest} deep`);
    if (++this.#containers > containers)
      throw new Error(`byte ${this.at}: more than ${containers} arrays and maps`);
    this.#values += values;
    if (this.#values > most) throw new Error(`byte ${this.at}: more than ${most} values`);
    if (values > this.#bytes.length - this.at) throw new Error(`byte ${this.at}: ends early`);
  }

  /** Keys repeat: the last text of this length, first and last byte is most often the same one. */
  #text(length: number): string {
    const at = this.#skip(length);
    const bytes = this.#bytes;
    const slot = (length << 16) | (bytes[at]! << 8) | bytes[at + length - 1]!;
    const last = this.#texts.get(slot);
    if (last?.length === length && isText(bytes, at, last)) return last;
    const text = utf8.decode(bytes.subarray(at, at + length));
    if (length <= SHORT_TEXT) this.#texts.set(slot, text);
    return text;
  }

  #uint(size: number): number {
    const at = this.#skip(size);
    return size === 1 ? this.#bytes[at]! : size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #take(length: number): Uint8Array {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Where the next `length` bytes begin. */
  #skip(length: number): number {
    const { at } = this;
    if (length > this.#bytes.length - at) throw new Error(`byte ${at}: ends early`);
    this.at += length;
    return at;
  }
}

/** Beyond 2^53 a number would be another: it stays a bigint, which no field of a manifest is. */
const exact = (value: bigint): number | bigint =>
  value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value;

/** Whether ASCII text stands there. A byte beyond ASCII is no code of it, so other text never matches. */
function isText(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== bytes[at + i] || code >= 0x80) return false;
  }
  return true;
}
