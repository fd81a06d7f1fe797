/** Products of com.microsoft that an optimiser fused with what stood around them. */
import type { ValueId } from '../../ir/graph.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import } from './define.ts';
import { conv, gemm, matmul } from './linear.ts';

/** The order of axes that exchanges two of them; with `batch`, the first axis goes behind all but the last. */
const turned = (node: ImportNode, id: ValueId, last: boolean, batch: boolean, part: string): ValueId => {
  const rank = node.shape(id).length;
  if (rank < 2) return id;
  let axes = Array.from({ length: rank }, (_, axis) => axis);
  if (batch) axes = [...axes.slice(1, -1), 0, rank - 1];
  if (last) axes = [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!];
  return axes.every((axis, i) => axis === i) ? id : node.emit('transpose', [id], { perm: axes }, part);
};

const fusedMatMul: Import = (node) => {
  const flag = (name: string): boolean => node.int(name, 0) !== 0;
  const a = turned(node, node.input(0), flag('transA'), flag('transBatchA'), 'a');
  const b = turned(node, node.input(1), flag('transB'), flag('transBatchB'), 'b');
  const alpha = node.float('alpha', 1);
  const y = matmul(node.on([a, b], alpha === 1 ? 'it' : 'product'))[0]!;
  if (alpha === 1) return [y];
  return [node.emit('mul', [y, node.scalar(node.type(y).dtype, alpha, 'alpha')])];
};

/** An activation by its name, with up to two numbers. */
function activated(
  node: ImportNode,
  x: ValueId,
  name: string,
  [alpha, beta]: readonly (number | undefined)[],
): ValueId {
  switch (name) {
    case '':
      return x;
    case 'Relu':
      return node.emit('relu', [x]);
    case 'Sigmoid':
      return node.emit('sigmoid', [x]);
    case 'Tanh':
      return node.emit('tanh', [x]);
    case 'LeakyRelu':
      return node.emit('leakyRelu', [x], { alpha: alpha ?? 0.01 });
    case 'Clip':
      return node.emit('clip', [x], { min: alpha ?? -Infinity, max: beta ?? Infinity });
    case 'HardSigmoid':
      return node.emit('hardSigmoid', [x], { alpha: alpha ?? 0.2, beta: beta ?? 0.5 });
    default:
      return node.unsupported(`activation ${name}`);
  }
}

const fusedConv: Import = (node) => {
  const product = conv(node.on([node.input(0), node.input(1), node.optional(2)], 'conv'))[0]!;
  const residual = node.optional(3);
  const sum = residual === null ? product : node.emit('add', [product, residual], {}, 'sum');
  return [activated(node, sum, node.string('activation', ''), node.floats('activation_params') ?? [])];
};

const fusedGemm: Import = (node) => {
  const y = gemm(node.on([node.input(0), node.input(1), node.optional(2)], 'gemm'))[0]!;
  const numbers = ['alpha', 'beta'].map((name) =>
    node.has(`activation_${name}`) ? node.float(`activation_${name}`, 0) : undefined,
  );
  return [activated(node, y, node.string('activation', ''), numbers)];
};

export const fused = defineOnnx({
  imports: {
    'com.microsoft:FusedMatMul': fusedMatMul,
    'com.microsoft:FusedConv': fusedConv,
    'com.microsoft:FusedGemm': fusedGemm,
  },
  exports: {},
});
