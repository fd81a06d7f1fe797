/**
 * The protobuf wire format, field by field: what is not asked for is stepped over, so a model costs the memory of its
 * names. Invariant: nothing is read, and no memory taken, on the word of a length before that length is known to lie
 * within the enclosing message.
 * Source: protobuf.dev/programming-guides/encoding. Groups (deprecated before ONNX existed) are rejected.
 */
import type { MillraceError } from '../../../runtime/error.ts';
import type { ByteSource } from './byte-source.ts';

export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const longestText = 64 * 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A message being walked: `next` steps to a field, the accessors read that field. */
export class Message {
  readonly source: ByteSource;
  /** Name of the message type, for complaints. */
  readonly what: string;
  readonly begin: number;
  readonly limit: number;
  /** Number and wire type of the current field, offset of its tag, and the range of its payload. */
  number = 0;
  wire = 0;
  at = 0;
  start = 0;
  end = 0;
  #position: number;

  constructor(source: ByteSource, what: string, begin: number, limit: number) {
    this.source = source;
    this.what = what;
    this.begin = begin;
    this.limit = limit;
    this.#position = begin;
  }

  /** The same message from its beginning. */
  again(): Message {
    return new Message(this.source, this.what, this.begin, this.limit);
  }

  next(): boolean {
    if (this.#position >= this.limit) return false;
    this.at = this.#position;
    const tag = this.#length();
    this.number = Math.floor(tag / 8);
    this.wire = tag % 8;
    if (this.number === 0 || tag > 0xffffffff) throw this.invalid('a field number out of range');
    this.start = this.#position;
    if (this.wire === wire.varint) {
      while (this.#byte() >= 128)
        if (this.#position - this.start >= 10) throw this.invalid('a varint of more than 10 bytes');
      this.end = this.#position;
      return true;
    }
    let length: number;
    if (this.wire === wire.bytes) {
      length = this.#length();
      this.start = this.#position;
    } else if (this.wire === wire.fixed32) length = 4;
    else if (this.wire === wire.fixed64) length = 8;
    else throw this.invalid(`wire type ${this.wire} is not used by ONNX`);
    // Both numbers are safe integers, so the sum is exact enough to be compared.
    if (length > this.limit - this.start)
      throw this.invalid(`field ${this.number} runs past the end of its message`, {
        expected: `at most ${this.limit - this.start} bytes`,
        got: `${length} bytes`,
      });
    this.end = this.start + length;
    this.#position = this.end;
    return true;
  }

  invalid(what: string, context: { expected?: string; got?: string } = {}): MillraceError {
    return this.source.invalid(this.at, `${this.what}: ${what}`, context);
  }

  /** The current field as a message; not read yet. */
  message(what: string): Message {
    this.#expect(wire.bytes);
    return new Message(this.source, what, this.start, this.end);
  }

  int64(): bigint {
    this.#expect(wire.varint);
    return varint(this.source, this.start, this.end).value;
  }

  /** An integer that must be safe to compute with. */
  int(): number {
    const value = Number(this.int64());
    if (!Number.isSafeInteger(value))
      throw this.invalid(`field ${this.number} is out of range`, { got: `${value}` });
    return value;
  }

  float(): number {
    this.#expect(wire.fixed32);
    return new DataView(this.source.copy(this.start, this.end).buffer).getFloat32(0, true);
  }

  text(): string {
    this.#expect(wire.bytes);
    if (this.end - this.start > longestText)
      throw this.invalid(`field ${this.number} is text of ${this.end - this.start} bytes`, {
        expected: `at most ${longestText}`,
      });
    try {
      return utf8.decode(this.source.copy(this.start, this.end));
    } catch {
      throw this.invalid(`field ${this.number} is not UTF-8 text`);
    }
  }

  /** Calls back with each integer of a repeated field, packed or not. */
  integers(each: (value: bigint) => void): void {
    if (this.wire === wire.varint) {
      each(this.int64());
      return;
    }
    this.#expect(wire.bytes);
    for (let position = this.start; position < this.end; ) {
      const { value, next } = varint(this.source, position, this.end);
      each(value);
      position = next;
    }
  }

  #expect(type: number): void {
    if (this.wire !== type)
      throw this.invalid(`field ${this.number} has the wrong wire type`, {
        expected: `${type}`,
        got: `${this.wire}`,
      });
  }

  #byte(): number {
    if (this.#position >= this.limit)
      throw this.source.invalid(this.#position, `${this.what}: ends inside a field`);
    return this.source.byte(this.#position++);
  }

  /** A tag or length: a varint that must be a safe integer. */
  #length(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      scale *= 128;
    }
    throw this.invalid('a tag or length is out of range');
  }
}

/** A varint as the signed 64-bit integer that ONNX's int64 and enum fields mean. */
function varint(source: ByteSource, start: number, end: number): { value: bigint; next: number } {
  let low = 0;
  let scale = 1;
  let position = start;
  // Seven bytes fit a double exactly; the rest, rare (negative numbers), is added as BigInt.
  for (let i = 0; i < 7 && position < end; i++) {
    const byte = source.byte(position++);
    low += (byte & 127) * scale;
    if (byte < 128) return { value: BigInt(low), next: position };
    scale *= 128;
  }
  let value = BigInt(low);
  for (let i = 7; i < 10 && position < end; i++) {
    const byte = source.byte(position++);
    value += BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return { value: BigInt.asIntN(64, value), next: position };
  }
  throw source.invalid(start, 'a varint without end');
}
