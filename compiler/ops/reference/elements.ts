/**
 * Elements of any dtype as the references compute with them: 64-bit integers as bigint, everything else as number,
 * rounded to the dtype when stored.
 */
import {
  arrayFor,
  float16ToNumber,
  numberToFloat16,
  type Tensor,
  type TypedArray,
  zeros,
} from '../../ir/tensor.ts';
import { type DType, elementCount, type TensorType } from '../../ir/types.ts';

export type NumberArray = Exclude<TypedArray, BigInt64Array | BigUint64Array>;
export type BigArray = BigInt64Array | BigUint64Array;

export const isBig = (dtype: DType): boolean => dtype === 'int64' || dtype === 'uint64';

/** The elements of a tensor that has no 64-bit integers; float16 is decoded. */
export const numbersOf = (tensor: Tensor): NumberArray =>
  tensor.type.dtype === 'float16' ? widened(tensor.data as Uint16Array) : (tensor.data as NumberArray);

/** The number of each of the 65,536 float16, made when the first is asked for: a look-up takes a nanosecond. */
let float16Numbers: Float32Array | null = null;

function widened(bits: Uint16Array): Float32Array {
  float16Numbers ??= Float32Array.from({ length: 1 << 16 }, (_, pattern) => float16ToNumber(pattern));
  const numbers = float16Numbers;
  const result = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) result[i] = numbers[bits[i]!]!;
  return result;
}

export const bigsOf = (tensor: Tensor): BigArray => tensor.data as BigArray;

/** An array to compute elements of a dtype in, which `tensorOf` makes a tensor of. */
export function numbersFor(type: TensorType): NumberArray {
  const count = elementCount(type.shape);
  return type.dtype === 'float16'
    ? new Float32Array(count)
    : (new (arrayFor(type.dtype))(count) as NumberArray);
}

export function tensorOf(type: TensorType, numbers: NumberArray): Tensor {
  if (type.dtype !== 'float16') return { type, data: numbers };
  const tensor = zeros(type);
  for (let i = 0; i < numbers.length; i++) tensor.data[i] = numberToFloat16(numbers[i]!);
  return tensor;
}

/** A number as it is stored in a typed array of this dtype. */
export function storedElement(dtype: DType, value: number): number | bigint {
  if (dtype === 'float16') return numberToFloat16(value);
  if (dtype === 'bool') return value === 0 ? 0 : 1;
  return isBig(dtype) ? BigInt(Math.trunc(value)) : value;
}

/** One element as a number; null where a number cannot hold it. */
export function elementAt(tensor: Tensor, index: number): number | null {
  const element = tensor.data[index]!;
  if (typeof element === 'number')
    return tensor.type.dtype === 'float16' ? float16ToNumber(element) : element;
  const value = Number(element);
  return Number.isSafeInteger(value) ? value : null;
}

/** The nearest integer; of two that are as near, the even one (IEEE 754 roundTiesToEven). */
export function toEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}
