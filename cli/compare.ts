/**
 * Whether two tensors agree. By element: |a − b| ≤ absolute + relative·|expected|, NaN equal to NaN, infinities only to
 * themselves; integers and bools exactly.
 */
import { type Tensor, toNumbers } from '../compiler/ir/tensor.ts';
import { formatType, isFloat, sameType } from '../compiler/ir/types.ts';

export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** Of ONNX's own runner, with an absolute part that float32 sums in another order need. */
export const conformanceTolerance: Tolerance = { relative: 1e-3, absolute: 1e-5 };

const BFLOAT16 = 16;

/** For an output of ONNX's element type: bfloat16, computed as float32, is given with 8 bits; a unit of the last is none. */
export const toleranceFor = (
  elementType: number | null,
  otherwise: Tolerance = conformanceTolerance,
): Tolerance => (elementType === BFLOAT16 ? { ...otherwise, relative: 2 ** -7 } : otherwise);

/** Null if they agree, else where and how they first differ. */
export function difference(got: Tensor, expected: Tensor, tolerance: Tolerance): string | null {
  if (!sameType(got.type, expected.type))
    return `expected ${formatType(expected.type)}, got ${formatType(got.type)}`;
  const { dtype } = got.type;
  if (!isFloat(dtype)) {
    const at = expected.data.findIndex((value: number | bigint, i: number) => value !== got.data[i]);
    return at < 0 ? null : `element ${at}: expected ${expected.data[at]}, got ${got.data[at]}`;
  }
  const [a, b] = [toNumbers(got), toNumbers(expected)];
  // Half precision has 11 bits: two roundings apart is no disagreement.
  const relative = dtype === 'float16' ? Math.max(tolerance.relative, 2 ** -9) : tolerance.relative;
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (Object.is(x, y) || x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    if (Number.isFinite(y) && Math.abs(x - y) <= tolerance.absolute + relative * Math.abs(y)) continue;
    return `element ${i} of ${b.length}: expected ${y}, got ${x}`;
  }
  return null;
}
