/** What neurons do to one number, where ONNX has an op of its own for it; those that are others put together. */
import type { ValueId } from '../../ir/graph.ts';
import type { PlainOp } from '../../ops/index.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import } from './define.ts';

const one =
  (op: PlainOp): Import =>
  (node) => [node.emit(op, [node.input(0)])];

/** gamma · elu(x, alpha). (Klambauer et al. 2017, arXiv 1706.02515) */
const selu: Import = (node) => {
  const x = node.input(0);
  const bent = node.emit('elu', [x], { alpha: node.float('alpha', 1.6732631921768188) }, 'elu');
  const gamma = node.scalar(node.type(x).dtype, node.float('gamma', 1.0507010221481323), 'gamma');
  return [node.emit('mul', [bent, gamma])];
};

/** x above alpha, else 0. */
const thresholdedRelu: Import = (node) => {
  const x = node.input(0);
  const { dtype } = node.type(x);
  const above = node.emit('greater', [x, node.scalar(dtype, node.float('alpha', 1), 'alpha')], {}, 'above');
  return [node.emit('where', [above, x, node.scalar(dtype, 0, 'zero')])];
};

/** x + bias below −lambd, x − bias above lambd, else 0. */
const shrink: Import = (node) => {
  const x = node.input(0);
  const { dtype } = node.type(x);
  const [lambd, bias] = [node.float('lambd', 0.5), node.float('bias', 0)];
  const below = node.emit('less', [x, node.scalar(dtype, -lambd, 'low')], {}, 'below');
  const above = node.emit('greater', [x, node.scalar(dtype, lambd, 'high')], {}, 'above');
  const shift = node.scalar(dtype, bias, 'bias');
  const lowered = node.emit('sub', [x, shift], {}, 'lowered');
  const raised = node.emit('add', [x, shift], {}, 'raised');
  const upper = node.emit('where', [above, lowered, node.scalar(dtype, 0, 'zero')], {}, 'upper');
  return [node.emit('where', [below, raised, upper])];
};

/** x · sigmoid(alpha · x). */
function swish(node: ImportNode, x: ValueId, alpha: number): ValueId {
  if (alpha === 1) return node.emit('silu', [x]);
  const scaled = node.emit('mul', [x, node.scalar(node.type(x).dtype, alpha, 'alpha')], {}, 'scaled');
  return node.emit('mul', [x, node.emit('sigmoid', [scaled], {}, 'sigmoid')]);
}

/** x / (1 + |x|). */
const softsign: Import = (node) => {
  const x = node.input(0);
  const width = node.emit('abs', [x], {}, 'abs');
  const one = node.scalar(node.type(x).dtype, 1, 'one');
  return [node.emit('div', [x, node.emit('add', [width, one], {}, 'sum')])];
};

/** gelu of x, or of x + bias. */
const gelu =
  (approximate: 'none' | 'tanh'): Import =>
  (node) => {
    const bias = node.optional(1);
    const x = node.input(0);
    return [
      node.emit('gelu', [bias === null ? x : node.emit('add', [x, bias], {}, 'bias')], { approximate }),
    ];
  };

export const activations = defineOnnx({
  imports: {
    Relu: one('relu'),
    Sigmoid: one('sigmoid'),
    HardSwish: one('hardSwish'),
    Tanh: one('tanh'),
    Softplus: one('softplus'),
    Mish: one('mish'),
    LeakyRelu: (node) => [node.emit('leakyRelu', [node.input(0)], { alpha: node.float('alpha', 0.01) })],
    Elu: (node) => [node.emit('elu', [node.input(0)], { alpha: node.float('alpha', 1) })],
    Celu: (node) => [node.emit('celu', [node.input(0)], { alpha: node.float('alpha', 1) })],
    Gelu: (node) => [node.emit('gelu', [node.input(0)], { approximate: node.string('approximate', 'none') })],
    HardSigmoid: (node) => [
      node.emit('hardSigmoid', [node.input(0)], {
        alpha: node.float('alpha', 0.2),
        beta: node.float('beta', 0.5),
      }),
    ],
    Selu: selu,
    ThresholdedRelu: thresholdedRelu,
    Shrink: shrink,
    Swish: (node) => [swish(node, node.input(0), node.float('alpha', 1))],
    Softsign: softsign,
    'com.microsoft:Gelu': gelu('none'),
    'com.microsoft:BiasGelu': gelu('none'),
    'com.microsoft:FastGelu': gelu('tanh'),
    'com.microsoft:QuickGelu': (node) => [swish(node, node.input(0), node.float('alpha', 1.702))],
  },
  exports: {},
});
