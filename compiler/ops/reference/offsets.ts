/**
 * Where tensors of indices point: an offset into the elements of x for each, as one list of 32-bit integers. What gathers
 * and what scatters by the same rule share it.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { elementCount, type Shape, stridesOf } from '../../ir/types.ts';

/** An index counted from the front. @throws MillraceError MODEL_INVALID where it is out of range. */
function wrapped(given: number, extent: number): number {
  const index = given < 0 ? given + extent : given;
  if (!(index >= 0 && index < extent))
    throw new MillraceError('MODEL_INVALID', 'index out of range', {
      expected: `${-extent} to ${extent - 1}`,
      got: `${given}`,
    });
  return index;
}

/**
 * Of index [i, j, …] = n along an axis: the element [i, …, n, …, j] of x. The indices may cover less of the other axes
 * than x has.
 */
export function offsetsAlong(x: Shape, { type, data }: Tensor, axis: number): Uint32Array {
  const offsets = new Uint32Array(data.length);
  if (data.length === 0) return offsets;
  const strides = stridesOf(x);
  const [extent, step] = [x[axis]!, strides[axis]!];
  const last = type.shape.length - 1;
  const count = type.shape[last]!;
  const lastStep = axis === last ? 0 : strides[last]!;
  const position = new Array<number>(last).fill(0);
  for (let row = 0; row < data.length; row += count) {
    let base = 0;
    for (let i = 0; i < last; i++) if (i !== axis) base += position[i]! * strides[i]!;
    for (let i = 0; i < count; i++)
      offsets[row + i] = base + i * lastStep + wrapped(Number(data[row + i]!), extent) * step;
    for (let i = last - 1; i >= 0 && ++position[i]! === type.shape[i]; i--) position[i] = 0;
  }
  return offsets;
}

/**
 * Of points, which are rows of indices [batch…, …, depth] into the axes of x after the first `batches`: the first element
 * of the slice that each selects.
 */
export function offsetsOfPoints(x: Shape, { type, data }: Tensor, batches: number): Uint32Array {
  const depth = type.shape.at(-1)!;
  const points = elementCount(type.shape.slice(0, -1));
  const offsets = new Uint32Array(points);
  const strides = stridesOf(x);
  const perBatch = points / Math.max(1, elementCount(x.slice(0, batches)));
  const batchStep = elementCount(x.slice(batches));
  for (let point = 0; point < points; point++) {
    let offset = Math.floor(point / perBatch) * batchStep;
    for (let i = 0; i < depth; i++)
      offset += wrapped(Number(data[point * depth + i]!), x[batches + i]!) * strides[batches + i]!;
    offsets[point] = offset;
  }
  return offsets;
}
