/** Matrix products. */
import type { ValueId } from '../../ir/graph.ts';
import type { Mapping, NodeContext } from '../import/context.ts';

/** numpy's rules for vectors: a row before, a column after, and the added dimension is dropped from the result. */
const matmul: Mapping = (node) => {
  let a = node.input(0);
  let b = node.input(1);
  const shapeA = node.shape(a);
  const shapeB = node.shape(b);
  if (shapeA.length === 0 || shapeB.length === 0) node.invalid('a matrix product of a scalar');
  if (shapeA.length > 1 && shapeB.length > 1) return [node.emit('matmul', [a, b])];
  a = shapeA.length === 1 ? node.reshape(a, [1, shapeA[0]!], 'row') : a;
  b = shapeB.length === 1 ? node.reshape(b, [shapeB[0]!, 1], 'column') : b;
  const y = node.emit('matmul', [a, b]);
  const shape = [...node.shape(y)];
  if (shapeB.length === 1) shape.pop();
  if (shapeA.length === 1) shape.splice(shapeB.length === 1 ? -1 : -2, 1);
  return [node.reshape(y, shape, 'vector')];
};

/** α·A·B + β·C. Factors go to the constant operands, where they cost nothing at run time. */
const gemm: Mapping = (node) => {
  const a = node.input(0);
  const dtype = node.type(a).dtype;
  const attrs = { transA: node.int('transA', 0) !== 0, transB: node.int('transB', 0) !== 0 };
  for (const i of [0, 1])
    if (node.shape(node.input(i)).length !== 2)
      node.invalid(`input ${i}`, 'rank 2', `rank ${node.shape(node.input(i)).length}`);
  const scaled = (id: ValueId, factor: number, part: string): ValueId =>
    factor === 1 ? id : node.emit('mul', [id, node.scalar(dtype, factor, part)], {}, part);
  const b = scaled(node.input(1), node.float('alpha', 1), 'alpha');
  const c = node.optional(2);
  const beta = node.float('beta', 1);
  if (c === null || beta === 0) return [node.emit('matmul', [a, b], attrs)];
  const columns = node.shape(b)[attrs.transB ? 0 : 1]!;
  const bias = biasOf(node, scaled(c, beta, 'beta'), columns);
  if (bias !== null) return [node.emit('matmul', [a, b, bias], attrs)];
  return [node.emit('add', [node.emit('matmul', [a, b], attrs, 'product'), scaled(c, beta, 'beta')])];
};

/** C as a vector over columns, or null where it differs by row. */
function biasOf(node: NodeContext, c: ValueId, columns: number): ValueId | null {
  const shape = node.shape(c);
  if (shape.length > 2) node.invalid('input C', 'rank 2 at most', `rank ${shape.length}`);
  if (shape.length === 2 && shape[0] !== 1) return null;
  const width = shape.at(-1) ?? 1;
  if (width !== 1 && width !== columns) node.invalid('input C', `${columns} columns`, `${width}`);
  const vector = node.reshape(c, [width], 'bias');
  return width === columns ? vector : node.emit('expand', [vector], { shape: [columns] }, 'bias');
}

export const dense: Readonly<Record<string, Mapping>> = { MatMul: matmul, Gemm: gemm };
