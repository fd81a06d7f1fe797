/**
 * A tensor in memory: what the reference implementations read and write. float16 is held as its 16 bits
 * (Node 20 has no Float16Array), bool as one byte of 0 or 1, 64-bit integers as BigInt arrays.
 */
import { arrayFor, type TypedArray } from '../../runtime/format/dtype.ts';
import { elementCount, type TensorType } from './types.ts';

export { arrayFor, type TypedArray };

/** Elements in memory, with dtype and shape. */
export interface Tensor {
  readonly type: TensorType;
  readonly data: TypedArray;
}

/** A zeroed tensor. */
export const zeros = (type: TensorType): Tensor => ({
  type,
  data: new (arrayFor(type.dtype))(elementCount(type.shape)),
});

/** A view of little-endian bytes as a tensor; copies only if the bytes are not aligned for the element type. */
export function tensorFromBytes(type: TensorType, bytes: Uint8Array): Tensor {
  const array = arrayFor(type.dtype);
  const aligned = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return {
    type,
    data: new array(aligned.buffer as ArrayBuffer, aligned.byteOffset, elementCount(type.shape)),
  };
}

/** The tensor's bytes, not copied. */
export const bytesOf = (tensor: Tensor): Uint8Array =>
  new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);

/** All elements as JavaScript numbers; 64-bit integers must be safe integers, which shapes and indices are. */
export function toNumbers(tensor: Tensor): number[] {
  if (tensor.type.dtype === 'float16') return Array.from(tensor.data as Uint16Array, float16ToNumber);
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

/** A tensor from numbers, converted to the dtype as a JavaScript typed array does. */
export function fromNumbers(type: TensorType, values: readonly number[]): Tensor {
  const tensor = zeros(type);
  const { data } = tensor;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (type.dtype === 'float16') data[i] = numberToFloat16(value);
    else if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(value);
    else data[i] = value;
  }
  return tensor;
}

/** IEEE 754 binary16 bits to number. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const float32 = new Float32Array(1);
const word = new Uint32Array(float32.buffer);

/** Number to IEEE 754 binary16 bits, rounding to nearest even; the number passes through float32 first. */
export function numberToFloat16(value: number): number {
  float32[0] = value;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // rounds to 65536 or above
  if (magnitude < 0x38800000) {
    // Below the smallest normal (2^-14): units of 2^-24; Math.round is half-up, so ties are put right.
    const units = Math.abs(float32[0]!) * 2 ** 24;
    const floor = Math.floor(units);
    const rest = units - floor;
    return sign | (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}
