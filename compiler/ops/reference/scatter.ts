/** Slices of updates put into a copy of x, or combined with what is there, one after the other. */
import { numberToFloat16, type Tensor, type TypedArray } from '../../ir/tensor.ts';
import { formatType, type TensorType } from '../../ir/types.ts';
import { shapeError } from '../define/op.ts';
import { bigsOf, isBig, type NumberArray, numbersOf } from './elements.ts';

/** Throws unless elements of this type can be combined so. */
export function checkScatter(type: TensorType, reduction: string): void {
  const known = ['none', 'add', 'mul', 'min', 'max'];
  if (!known.includes(reduction)) throw shapeError('reduction', known.join(', '), `"${reduction}"`);
  if (type.dtype === 'bool' && reduction !== 'none')
    throw shapeError('input x', `numbers, for the reduction ${reduction}`, formatType(type));
}

/** `y` is x, with `span` elements of the updates at each offset. */
export function scattered(
  x: Tensor,
  updates: Tensor,
  offsets: Uint32Array,
  span: number,
  reduction: string,
): Tensor {
  const y = x.data.slice();
  if (reduction === 'none') put(y, updates.data, offsets, span);
  else if (isBig(x.type.dtype)) combineBigs(y as BigInt64Array, bigsOf(updates), offsets, span, reduction);
  else if (x.type.dtype === 'float16') {
    const wide = Float32Array.from(numbersOf(x));
    combine(wide, numbersOf(updates), offsets, span, reduction);
    for (let i = 0; i < wide.length; i++) y[i] = numberToFloat16(wide[i]!);
  } else combine(y as NumberArray, numbersOf(updates), offsets, span, reduction);
  return { type: x.type, data: y };
}

function put(y: TypedArray, updates: TypedArray, offsets: Uint32Array, span: number): void {
  // The arrays have the same type; that the type is a number's is a convenience for the checker.
  const [to, from] = [y as Float32Array, updates as Float32Array];
  if (span === 1) for (let i = 0; i < offsets.length; i++) to[offsets[i]!] = from[i]!;
  else for (let i = 0; i < offsets.length; i++) to.set(from.subarray(i * span, (i + 1) * span), offsets[i]!);
}

function combine(
  y: NumberArray,
  updates: ArrayLike<number>,
  offsets: Uint32Array,
  span: number,
  reduction: string,
): void {
  // Products of 32-bit integers wrap, which doubles lose beyond 2^53.
  const whole = y instanceof Int32Array || y instanceof Uint32Array;
  for (let i = 0; i < offsets.length; i++)
    for (let j = 0; j < span; j++) {
      const at = offsets[i]! + j;
      const [a, b] = [y[at]!, updates[i * span + j]!];
      if (reduction === 'add') y[at] = a + b;
      else if (reduction === 'mul') y[at] = whole ? Math.imul(a, b) : a * b;
      else y[at] = reduction === 'min' ? Math.min(a, b) : Math.max(a, b);
    }
}

function combineBigs(
  y: BigInt64Array,
  updates: ArrayLike<bigint>,
  offsets: Uint32Array,
  span: number,
  reduction: string,
): void {
  for (let i = 0; i < offsets.length; i++)
    for (let j = 0; j < span; j++) {
      const at = offsets[i]! + j;
      const [a, b] = [y[at]!, updates[i * span + j]!];
      if (reduction === 'add') y[at] = a + b;
      else if (reduction === 'mul') y[at] = a * b;
      else if (reduction === 'min' ? b < a : b > a) y[at] = b;
    }
}
