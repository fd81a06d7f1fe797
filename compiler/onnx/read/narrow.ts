/**
 * Element types that only store: floats and integers of few bits, of which ONNX computes little but conversions. They are
 * held in the next wider type that has all their values. Source: onnx.proto; onnx.ai/onnx/technical/float8.html.
 */
import type { DType } from '../../ir/types.ts';

export interface Narrow {
  readonly name: string;
  readonly bits: 2 | 4 | 8 | 16;
  /** The type that holds the values. */
  readonly wide: DType;
  readonly decode: (bits: number) => number;
}

const signed =
  (width: number) =>
  (bits: number): number =>
    bits >= 2 ** (width - 1) ? bits - 2 ** width : bits;

interface FloatForm {
  readonly exponent: number;
  readonly mantissa: number;
  readonly bias: number;
  /** What the largest exponent means: values, all ones a NaN, infinities as in IEEE; or −0 is the one NaN. */
  readonly special: 'none' | 'nan' | 'ieee' | 'negative zero';
}

const float =
  ({ exponent, mantissa, bias, special }: FloatForm) =>
  (bits: number): number => {
    const sign = bits >> (exponent + mantissa) === 0 ? 1 : -1;
    const magnitude = bits & (2 ** (exponent + mantissa) - 1);
    if (special === 'negative zero' && sign < 0 && magnitude === 0) return Number.NaN;
    const [power, fraction] = [magnitude >> mantissa, magnitude & (2 ** mantissa - 1)];
    if (special === 'nan' && magnitude === 2 ** (exponent + mantissa) - 1) return Number.NaN;
    if (special === 'ieee' && power === 2 ** exponent - 1)
      return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    if (power === 0) return sign * fraction * 2 ** (1 - bias - mantissa);
    return sign * (1 + fraction / 2 ** mantissa) * 2 ** (power - bias);
  };

const e4m3 = { exponent: 4, mantissa: 3 };
const e5m2 = { exponent: 5, mantissa: 2 };
const narrow = (name: string, bits: Narrow['bits'], wide: DType, decode: Narrow['decode']): Narrow => ({
  name,
  bits,
  wide,
  decode,
});

/** By ONNX's number of the element type. */
const narrowTypes: ReadonlyMap<number, Narrow> = new Map([
  [16, narrow('bfloat16', 16, 'float32', float({ exponent: 8, mantissa: 7, bias: 127, special: 'ieee' }))],
  [17, narrow('float8e4m3fn', 8, 'float32', float({ ...e4m3, bias: 7, special: 'nan' }))],
  [18, narrow('float8e4m3fnuz', 8, 'float32', float({ ...e4m3, bias: 8, special: 'negative zero' }))],
  [19, narrow('float8e5m2', 8, 'float32', float({ ...e5m2, bias: 15, special: 'ieee' }))],
  [20, narrow('float8e5m2fnuz', 8, 'float32', float({ ...e5m2, bias: 16, special: 'negative zero' }))],
  [21, narrow('uint4', 4, 'uint8', (bits) => bits)],
  [22, narrow('int4', 4, 'int8', signed(4))],
  [23, narrow('float4e2m1', 4, 'float32', float({ exponent: 2, mantissa: 1, bias: 1, special: 'none' }))],
  [24, narrow('float8e8m0', 8, 'float32', (bits) => (bits === 255 ? Number.NaN : 2 ** (bits - 127)))],
  [25, narrow('uint2', 2, 'uint8', (bits) => bits)],
  [26, narrow('int2', 2, 'int8', signed(2))],
]);

export const narrowOf = (elementType: number): Narrow | null => narrowTypes.get(elementType) ?? null;

/** How the elements lie: 16 bits in words, fewer packed in bytes, the first in the low bits. */
export function storageOf(
  { bits }: Narrow,
  elements: number,
): { readonly dtype: DType; readonly count: number } {
  return bits === 16
    ? { dtype: 'uint16', count: elements }
    : { dtype: 'uint8', count: Math.ceil((elements * bits) / 8) };
}

/** The numbers of so many elements, from how they lie. */
export function numbersOf({ bits, decode }: Narrow, stored: ArrayLike<number>, elements: number): number[] {
  const perItem = bits === 16 ? 1 : 8 / bits;
  const mask = 2 ** bits - 1;
  return Array.from({ length: elements }, (_, i) => {
    const item = stored[Math.floor(i / perItem)] ?? 0;
    return decode((item >> ((i % perItem) * bits)) & mask);
  });
}
