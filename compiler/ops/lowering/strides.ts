/**
 * Shapes and strides of strided loops: numpy broadcasting, and the merging of dimensions that are contiguous in
 * every operand. Kernels take six dimensions; merging is what makes six enough for real networks.
 */
import { type Shape, stridesOf } from '../../ir/types.ts';
import { shapeError } from '../define/op.ts';

/** Dimensions that a kernel loops over. */
export const KERNEL_DIMS = 6;

/** numpy's broadcast of shapes; throws where two differ and neither is 1. */
export function broadcastShapes(...shapes: readonly Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const lead = rank - shape.length;
    for (let axis = 0; axis < shape.length; axis++) {
      const dim = shape[axis]!;
      const other = result[lead + axis]!;
      if (dim === other || dim === 1) continue;
      if (other !== 1)
        throw shapeError(
          'inputs do not broadcast',
          'dimensions equal or 1, counted from the last',
          shapes.map((s) => `[${s.join(',')}]`).join(' and '),
        );
      result[lead + axis] = dim;
    }
  }
  return result;
}

/** Strides with which an operand of `shape` is read over the dimensions of `target`: 0 where it repeats. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = stridesOf(shape);
  const lead = target.length - shape.length;
  return target.map((_, axis) => (axis < lead || shape[axis - lead] === 1 ? 0 : own[axis - lead]!));
}

export interface Loop {
  readonly dims: number[];
  /** Strides of each operand over `dims`. */
  readonly strides: number[][];
}

/**
 * Drops dimensions of 1 and merges neighbours that are one longer run for every operand, e.g. dims [2,3,4] with
 * strides [12,4,1] and [0,4,1]: the last two merge, [2,12] with [12,1] and [0,1].
 */
export function collapse(dims: Shape, strides: readonly (readonly number[])[]): Loop {
  const merged: Loop = { dims: [], strides: strides.map(() => []) };
  for (let axis = 0; axis < dims.length; axis++) {
    const dim = dims[axis]!;
    if (dim === 1) continue;
    const last = merged.dims.length - 1;
    const joins = last >= 0 && strides.every((s, i) => merged.strides[i]![last] === s[axis]! * dim);
    if (joins) merged.dims[last]! *= dim;
    else merged.dims.push(dim);
    strides.forEach((s, i) => {
      if (joins) merged.strides[i]![last] = s[axis]!;
      else merged.strides[i]!.push(s[axis]!);
    });
  }
  return merged;
}

/** A list as a kernel's numbered parameters, filled at the front: numbered('d', [2, 3], 1) → d0…d3: 1, d4: 2, d5: 3. */
export function numbered<P extends string>(
  prefix: P,
  values: readonly number[],
  fill: number,
): Record<`${P}${0 | 1 | 2 | 3 | 4 | 5}`, number> {
  const padded = [...new Array<number>(KERNEL_DIMS - values.length).fill(fill), ...values];
  const entries = padded.map((value, i) => [`${prefix}${i}`, value]);
  return Object.fromEntries(entries) as Record<`${P}${0 | 1 | 2 | 3 | 4 | 5}`, number>;
}
