/** Element types and tensor types. A shape in a graph is always static: symbolic dimensions are bound at import. */
import { type DType, dtypes, elementCount, elementSize } from '../../runtime/format/dtype.ts';

export { type DType, dtypes, elementCount, elementSize };

/** Extents of a tensor, outermost first. */
export type Shape = readonly number[];

/** Dtype and shape. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

export const isFloat = (dtype: DType): boolean =>
  dtype === 'float32' || dtype === 'float16' || dtype === 'float64';

/** Bytes of a tensor of this type, without padding. */
export const byteLength = (type: TensorType): number => elementCount(type.shape) * elementSize(type.dtype);

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((dim, i) => dim === b[i]);

export const sameType = (a: TensorType, b: TensorType): boolean =>
  a.dtype === b.dtype && sameShape(a.shape, b.shape);

/** `float32[1,3,224,224]`, the notation of the textual graph. */
export const formatType = (type: TensorType): string => `${type.dtype}[${type.shape.join(',')}]`;

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}
