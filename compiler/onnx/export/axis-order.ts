/**
 * An order of axes: which axis of a value each axis of a tensor is, tensor = transpose(value, order). Our ops with
 * channels have them last, ONNX's have them second.
 */
import type { TensorType } from '../../ir/types.ts';

export type AxisOrder = readonly number[];

export const plainOrder = (rank: number): AxisOrder => Array.from({ length: rank }, (_, axis) => axis);
/** [N, …, C] as [N, C, …]. */
export const channelsFirst = (rank: number): AxisOrder =>
  rank < 3 ? plainOrder(rank) : [0, rank - 1, ...plainOrder(rank).slice(1, -1)];
export const inverseOrder = (order: AxisOrder): AxisOrder => order.map((_, axis) => order.indexOf(axis));
export const sameOrder = (a: AxisOrder, b: AxisOrder): boolean =>
  a.length === b.length && a.every((axis, i) => axis === b[i]);
export const isPlain = (order: AxisOrder): boolean => order.every((axis, i) => axis === i);
export const ordered = ({ dtype, shape }: TensorType, order: AxisOrder): TensorType => ({
  dtype,
  shape: order.map((axis) => shape[axis]!),
});
