/**
 * Strided copies: what all ops that only move elements are made of. A copy is described once, and then either run
 * here (the reference) or turned into calls of the `copy` kernel.
 */
import type { TypedArray } from '../../ir/tensor.ts';
import { type DType, elementCount, elementSize, type Shape } from '../../ir/types.ts';
import { call, type KernelCall, type Operand } from '../define/lowering.ts';
import { collapse, KERNEL_DIMS, numbered } from './strides.ts';

/** y[yOffset + Σ i·y] = x[xOffset + Σ i·x] for all indices i of dims; in elements. */
export interface StridedCopy {
  readonly dims: Shape;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly xOffset: number;
  readonly yOffset: number;
}

/** Runs a copy between arrays of one type. */
export function runCopy(copy: StridedCopy, source: TypedArray, target: TypedArray): void {
  if (elementCount(copy.dims) === 0) return;
  const { dims, strides } = collapse(copy.dims, [copy.x, copy.y]);
  const [xs, ys] = strides as [number[], number[]];
  // The arrays have the same type; that the type is a number's is a convenience for the checker.
  const from = source as Float32Array;
  const to = target as Float32Array;
  const inner = dims.length - 1;
  if (inner < 0) {
    to[copy.yOffset] = from[copy.xOffset]!;
    return;
  }
  const count = dims[inner]!;
  const xStep = xs[inner]!;
  const yStep = ys[inner]!;
  const walk = (axis: number, xAt: number, yAt: number): void => {
    if (axis < inner) {
      for (let i = 0; i < dims[axis]!; i++) walk(axis + 1, xAt + i * xs[axis]!, yAt + i * ys[axis]!);
    } else if (xStep === 1 && yStep === 1) {
      to.set(from.subarray(xAt, xAt + count), yAt);
    } else {
      for (let i = 0; i < count; i++) to[yAt + i * yStep] = from[xAt + i * xStep]!;
    }
  };
  walk(0, copy.xOffset, copy.yOffset);
}

/** The kernel call of a copy, or null where it has more dimensions than the kernel. */
export function copyCall(copy: StridedCopy, dtype: DType, x: Operand, y: Operand): KernelCall | null {
  const { dims, strides } = collapse(copy.dims, [copy.x, copy.y]);
  if (dims.length > KERNEL_DIMS) return null;
  return call(
    'copy',
    { x, y },
    {
      elementBytes: elementSize(dtype),
      ...numbered('d', dims, 1),
      ...numbered('x', strides[0]!, 0),
      ...numbered('y', strides[1]!, 0),
      xOffset: copy.xOffset,
      yOffset: copy.yOffset,
    },
  );
}

/** The lowering of an op that is these copies of input 0 to output 0 and nothing else. */
export function lowerCopies(copies: readonly StridedCopy[], dtype: DType) {
  const calls = copies
    .filter((copy) => elementCount(copy.dims) > 0)
    .map((copy) => copyCall(copy, dtype, { input: 0 }, { output: 0 }));
  return loweredCalls(calls);
}

/** Calls alone, without weights or scratch; null if any of them could not be made. */
export function loweredCalls(calls: readonly (KernelCall | null)[]) {
  const made = calls.filter((one) => one !== null);
  return made.length === calls.length ? { calls: made, weights: [], scratch: [] } : null;
}
