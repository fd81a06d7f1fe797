/** Layers that move elements and compute nothing, and reductions and products without weights. */
import { elementCount, type Shape } from '../../ir/types.ts';
import { layerName, node } from '../define.ts';
import type { Tensor } from '../tensor.ts';

const normal = (x: Tensor, axis: number): number => (axis < 0 ? axis + x.rank : axis);

export const concat = (inputs: readonly Tensor[], axis = -1): Tensor =>
  node(layerName('concat'), 'concat', inputs, { axis: normal(inputs[0]!, axis) })[0]!;

/** Parts of the given sizes along an axis. */
export const split = (x: Tensor, sizes: readonly number[], axis = -1): Tensor[] =>
  node(layerName('split'), 'split', [x], { sizes, axis: normal(x, axis) });

/** Elements [starts, starts + sizes) of every axis. */
export const slice = (x: Tensor, starts: readonly number[], sizes: readonly number[]): Tensor =>
  node(layerName('slice'), 'slice', [x], { starts, sizes, steps: sizes.map(() => 1) })[0]!;

/** Widens every axis: begins, then ends. */
export const pad = (x: Tensor, pads: readonly number[], value = 0): Tensor =>
  node(layerName('pad'), 'pad', [x], { pads, value })[0]!;

/** The same elements under another shape; one extent may be −1. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = elementCount(shape.filter((extent) => extent >= 0));
  const resolved = shape.map((extent) => (extent < 0 ? elementCount(x.shape) / known : extent));
  return node(layerName('reshape'), 'reshape', [x], { shape: resolved })[0]!;
}

/** [N, …] → [N, rest]. */
export const flatten = (x: Tensor): Tensor => reshape(x, [x.dim(0), elementCount(x.shape.slice(1))]);

export const transpose = (x: Tensor, perm: readonly number[]): Tensor =>
  node(layerName('transpose'), 'transpose', [x], { perm })[0]!;

/** Rows of `x` along an axis, chosen by integer indices. */
export const gather = (x: Tensor, indices: Tensor, axis = 0): Tensor =>
  node(layerName('gather'), 'gather', [x, indices], { axis: normal(x, axis) })[0]!;

/** [N, H, W, C·b²] → [N, H·b, W·b, C]. */
export const depthToSpace = (x: Tensor, blockSize: number): Tensor =>
  node(layerName('depthToSpace'), 'depthToSpace', [x], { blockSize })[0]!;

/** Batched matrix product of the last two axes. */
export const matmul = (a: Tensor, b: Tensor, options: { transA?: boolean; transB?: boolean } = {}): Tensor =>
  node(layerName('matmul'), 'matmul', [a, b], { ...options })[0]!;

const reduce =
  (op: string) =>
  (x: Tensor, axes: readonly number[], keepDims = true): Tensor => {
    const sorted = axes.map((axis) => normal(x, axis)).sort((a, b) => a - b);
    return node(layerName(op), op, [x], { axes: sorted, keepDims })[0]!;
  };
export const reduceMean = reduce('reduceMean');
export const reduceSum = reduce('reduceSum');
export const reduceMax = reduce('reduceMax');
