/**
 * TensorProto: found, checked and measured, but not loaded. `raw_data` and packed floats are the tensor's bytes as
 * they lie in the file and stay there. Integers written as varints, and floats written one by one, have to be decoded.
 * That takes as many bytes as the dimensions say. It is refused where they say more than is there.
 */
import type { TypedArray } from '../../ir/tensor.ts';
import { arrayFor } from '../../ir/tensor.ts';
import { type DType, elementSize } from '../../ir/types.ts';
import { narrowOf, storageOf } from './narrow.ts';
import { dtypeOf, elementTypeName, type OnnxTensor, type Payload } from './schema.ts';
import { type Message, wire } from './wire.ts';

const deepestRank = 64;

/** Field that holds the elements of a type that are not in raw_data. */
const typedField = (dtype: DType): number => {
  if (dtype === 'float32') return 4;
  if (dtype === 'float64') return 10;
  if (dtype === 'int64') return 7;
  return dtype === 'uint64' || dtype === 'uint32' ? 11 : 5;
};

const fieldNames = new Map([
  [4, 'float_data'],
  [5, 'int32_data'],
  [6, 'string_data'],
  [7, 'int64_data'],
  [9, 'raw_data'],
  [10, 'double_data'],
  [11, 'uint64_data'],
]);

/** What the first walk over a tensor finds. */
interface Found {
  name: string;
  elementType: number;
  dims: number[];
  external: boolean;
  entries: [string, string][];
  segmented: boolean;
  /** Pieces of each field that holds elements: how many, their bytes, and where the first is. */
  fields: Map<number, { pieces: number; bytes: number; start: number; packed: boolean }>;
}

export function readTensor(message: Message): OnnxTensor {
  const found = survey(message);
  const { name, dims } = found;
  const at = message.begin;
  const narrow = narrowOf(found.elementType);
  const dtype = narrow === null ? dtypeOf(found.elementType) : storageOf(narrow, 0).dtype;
  if (dtype === null) {
    const reason = `element type ${elementTypeName(found.elementType)}`;
    return { name, dims, dtype, at, payload: { kind: 'unsupported', reason } };
  }
  if (found.segmented)
    return { name, dims, dtype, at, payload: { kind: 'unsupported', reason: 'data in segments' } };
  const plain = { name, dims, dtype, at, ...(narrow === null ? {} : { narrow }) };
  if (found.external) {
    if (found.fields.size > 0) throw complain(message, name, 'has both external and own data');
    return { ...plain, payload: { kind: 'external', entries: found.entries } };
  }
  const count = elements(message, name, dims);
  const items = narrow === null ? count : storageOf(narrow, count).count;
  return { ...plain, payload: locate(message, found, dtype, items) };
}

function survey(message: Message): Found {
  const found: Found = {
    name: '',
    elementType: 0,
    dims: [],
    external: false,
    entries: [],
    segmented: false,
    fields: new Map(),
  };
  while (message.next()) {
    const { number } = message;
    if (number === 1)
      message.integers((dim) => {
        if (dim < 0n || dim > BigInt(Number.MAX_SAFE_INTEGER) || found.dims.length === deepestRank)
          throw message.invalid('dimensions out of range', { got: `${dim}` });
        found.dims.push(Number(dim));
      });
    else if (number === 2) found.elementType = message.int();
    else if (number === 3) found.segmented = true;
    else if (number === 8) found.name = message.text();
    else if (number === 13) {
      if (found.entries.length === 16) throw message.invalid('too many external_data entries');
      found.entries.push(readEntry(message.message('StringStringEntryProto')));
    } else if (number === 14) found.external = message.int() === 1;
    else if (fieldNames.has(number)) {
      const seen = found.fields.get(number);
      if (seen === undefined)
        found.fields.set(number, {
          pieces: 1,
          bytes: message.end - message.start,
          start: message.start,
          packed: message.wire === wire.bytes,
        });
      else {
        if (number === 9) throw message.invalid('raw_data appears twice');
        seen.pieces++;
        seen.bytes += message.end - message.start;
      }
    }
  }
  return found;
}

function readEntry(message: Message): [string, string] {
  const entry: [string, string] = ['', ''];
  while (message.next()) {
    if (message.number === 1) entry[0] = message.text();
    else if (message.number === 2) entry[1] = message.text();
  }
  return entry;
}

function locate(message: Message, found: Found, dtype: DType, count: number): Payload {
  const { name, fields } = found;
  const size = count * elementSize(dtype);
  // Zero elements may be written as an empty field of any kind; only fields with bytes count.
  const filled = [...fields].filter(([, field]) => field.bytes > 0);
  const [first, second] = filled;
  if (second !== undefined)
    throw complain(message, name, `has elements in ${filled.map(([n]) => fieldNames.get(n)).join(' and ')}`);
  if (first === undefined) {
    if (count > 0) throw complain(message, name, 'has no elements', `${count}`, '0');
    return { kind: 'inline', bytes: new Uint8Array(0) };
  }
  const [number, field] = first;
  const raw = number === 9;
  if (!raw && number !== typedField(dtype))
    throw complain(message, name, `${dtype} elements in ${fieldNames.get(number)}`);
  const fixed = number === 4 || number === 10;
  if (raw || (fixed && field.packed && field.pieces === 1)) {
    if (field.bytes !== size)
      throw complain(message, name, 'data of the wrong length', `${size} bytes`, `${field.bytes}`);
    return { kind: 'range', offset: field.start, length: size };
  }
  // A varint is a byte at least: dimensions that promise more elements than bytes are lies, told before we allocate.
  if (count > field.bytes)
    throw complain(message, name, 'too few elements', `${count}`, `at most ${field.bytes}`);
  return { kind: 'inline', bytes: decode(message, number, dtype, count, name) };
}

/** The second walk: the elements of one typed field, in as many pieces as it comes. */
function decode(message: Message, number: number, dtype: DType, count: number, name: string): Uint8Array {
  const array: TypedArray = new (arrayFor(dtype))(count);
  let filled = 0;
  const put = (value: number | bigint): void => {
    if (filled === count) throw complain(message, name, 'too many elements', `${count}`, 'more');
    if (array instanceof BigInt64Array || array instanceof BigUint64Array) array[filled++] = BigInt(value);
    else if (dtype === 'bool') array[filled++] = Number(value) === 0 ? 0 : 1;
    // int32_data holds the bits of smaller types (float16 among them); the array takes the low ones.
    else array[filled++] = typeof value === 'bigint' ? Number(BigInt.asIntN(32, value)) : value;
  };
  const walk = message.again();
  while (walk.next()) {
    if (walk.number !== number) continue;
    if (number !== 4 && number !== 10) {
      walk.integers(put);
      continue;
    }
    const step = number === 4 ? 4 : 8;
    if ((walk.end - walk.start) % step !== 0) throw walk.invalid('packed floats of broken length');
    for (let position = walk.start; position < walk.end; position += step) {
      const view = new DataView(walk.source.copy(position, position + step).buffer);
      put(step === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true));
    }
  }
  if (filled !== count) throw complain(message, name, 'too few elements', `${count}`, `${filled}`);
  return new Uint8Array(array.buffer);
}

/** Number of elements; a product that a double cannot hold is a lie. */
function elements(message: Message, name: string, dims: readonly number[]): number {
  let count = 1n;
  for (const dim of dims) count *= BigInt(dim);
  if (count * 8n > BigInt(Number.MAX_SAFE_INTEGER))
    throw complain(message, name, `dimensions ${dims.join('×')} overflow`);
  return Number(count);
}

function complain(message: Message, name: string, what: string, expected?: string, got?: string) {
  return message.source.invalid(message.begin, `tensor "${name}": ${what}`, {
    ...(expected === undefined ? {} : { expected }),
    ...(got === undefined ? {} : { got }),
  });
}
