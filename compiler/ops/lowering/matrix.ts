/**
 * Stacks of matrices: how a tensor is read as one, transposed or not and with numpy's broadcasting of the leading
 * dimensions, all by strides; and the kernel call of a product of two.
 */
import type { Shape, TensorType } from '../../ir/types.ts';
import { call, type KernelCall } from '../define/lowering.ts';
import { broadcastStrides, collapse } from './strides.ts';

/** One operand as a stack of matrices: strides over rows and columns of the product, and the stack's dimensions. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly rowStride: number;
  readonly columnStride: number;
  readonly batch: Shape;
}

export function matrixOf(shape: Shape, transposed: boolean): Matrix {
  const [first, second] = shape.slice(-2) as [number, number];
  const batch = shape.slice(0, -2);
  return transposed
    ? { rows: second, columns: first, rowStride: 1, columnStride: second, batch }
    : { rows: first, columns: second, rowStride: second, columnStride: 1, batch };
}

/** Strides of a stack over the broadcast batch dimensions, in elements. */
export const batchStrides = (matrix: Matrix, batch: Shape): number[] =>
  broadcastStrides(matrix.batch, batch).map((stride) => stride * matrix.rows * matrix.columns);

/** The strided product, or null where the batch has more than two dimensions that don't merge. */
export function batchedProduct(left: Matrix, right: Matrix, y: TensorType): KernelCall | null {
  const batch = y.shape.slice(0, -2);
  const { dims, strides } = collapse(batch, [batchStrides(left, batch), batchStrides(right, batch)]);
  const [as, bs] = strides as [number[], number[]];
  let m = left.rows;
  // Rows of consecutive matrices that meet the same b are rows of one taller matrix.
  const last = dims.length - 1;
  if (last >= 0 && bs[last] === 0 && as[last] === m * left.rowStride) {
    m *= dims[last]!;
    for (const each of [dims, as, bs]) each.pop();
  }
  if (dims.length > 2) return null;
  const [batch0, batch1] = [...new Array<number>(2 - dims.length).fill(1), ...dims] as [number, number];
  const [aBatch0, aBatch1] = [...new Array<number>(2 - dims.length).fill(0), ...as] as [number, number];
  const [bBatch0, bBatch1] = [...new Array<number>(2 - dims.length).fill(0), ...bs] as [number, number];
  return call(
    'f32-matmul',
    { y: { output: 0 }, a: { input: 0 }, b: { input: 1 } },
    {
      batch0,
      batch1,
      m,
      n: right.columns,
      k: left.columns,
      aBatch0,
      aBatch1,
      aRow: left.rowStride,
      aCol: left.columnStride,
      bBatch0,
      bBatch1,
      bRow: right.rowStride,
      bCol: right.columnStride,
    },
  );
}
