/** Matrix products: Gemm where it says all of bias and transposes at once, MatMul otherwise. */
import { isFloat } from '../../../ir/types.ts';
import type { NodeExport } from '../context.ts';
import { int } from '../draft.ts';
import { type Emit, type Exporter, plainly } from './exporter.ts';

/** An operand of MatMul, with the last two axes in the order the product wants. */
function operand(node: NodeExport, index: number, transposed: boolean): string {
  if (!transposed) return node.input(index);
  const order = node.plain(index);
  return node.inputIn(index, [...order.slice(0, -2), ...order.slice(-2).reverse()]);
}

const matmul: Emit = (node) => {
  const transA = node.flag('transA');
  const transB = node.flag('transB');
  const flat = node.typeOf(0).shape.length === 2 && node.typeOf(1).shape.length === 2;
  if (flat && isFloat(node.type.dtype) && (transA || transB || node.has(2))) {
    const attributes = { ...(transA ? { transA: int(1) } : {}), ...(transB ? { transB: int(1) } : {}) };
    return [node.finish(node.add('Gemm', [node.input(0), node.input(1), node.input(2)], attributes))];
  }
  const product = node.add('MatMul', [operand(node, 0, transA), operand(node, 1, transB)]);
  return [node.finish(node.has(2) ? node.add('Add', [product, node.input(2)], {}, 'biased') : product)];
};

export const dense: Readonly<Record<string, Exporter>> = { matmul: plainly(matmul) };
