/** Ops of com.microsoft on quantised numbers that are ops on floats between two conversions. */
import type { ValueId } from '../../ir/graph.ts';
import { elementCount } from '../../ir/types.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import } from './define.ts';
import { averagePool } from './pooling.ts';
import { dequantized, quantized } from './quantize.ts';

/** Inputs from `index` on are numbers, their scale and their zero. */
const operand = (node: ImportNode, index: number, part: string): ValueId =>
  dequantized(node, node.input(index), node.input(index + 1), node.optional(index + 2), -1, part);

/** y in the type of its zero or, without one, of input `like`. */
function result(node: ImportNode, y: ValueId, index: number, like: number): ValueId[] {
  const zero = node.optional(index + 1);
  return [quantized(node, y, node.input(index), zero, -1, node.type(zero ?? node.input(like)).dtype)];
}

const binary =
  (op: 'add' | 'mul'): Import =>
  (node) =>
    result(node, node.emit(op, [operand(node, 0, 'a'), operand(node, 3, 'b')], {}, 'float'), 6, 0);

const unary =
  (run: (node: ImportNode, x: ValueId) => ValueId): Import =>
  (node) =>
    result(node, run(node, operand(node, 0, 'x')), 3, 0);

const sigmoid = unary((node, x) => node.emit('sigmoid', [x], {}, 'float'));

const leakyRelu = unary((node, x) =>
  node.emit('leakyRelu', [x], { alpha: node.float('alpha', 0.01) }, 'float'),
);

/** Which version of Softmax is meant is an attribute: until 13 all axes from the given one on are one. */
const softmax = unary((node, x) => {
  const shape = node.shape(x);
  const axis = node.axis(node.int('axis', -1), shape.length);
  if (node.int('opset', 13) >= 13) return node.emit('softmax', [x], { axis }, 'float');
  const flat = node.reshape(x, [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis))], 'flat');
  return node.reshape(node.emit('softmax', [flat], { axis: 1 }, 'float'), shape, 'shape');
});

const isLast = (node: ImportNode): boolean => node.int('channels_last', 0) !== 0;

const pooled = unary((node, x) => {
  const image = isLast(node) ? node.channelsFirst(x) : x;
  const y = averagePool(node.on([image], 'float'))[0]!;
  return isLast(node) ? node.channelsLast(y) : y;
});

const averaged = unary((node, x) => {
  const rank = node.shape(x).length;
  const axes = Array.from({ length: rank - 2 }, (_, i) => i + (isLast(node) ? 1 : 2));
  return node.emit('reduceMean', [x], { axes, keepDims: true }, 'float');
});

const concat: Import = (node) => {
  const count = (node.inputs.length - 2) / 3;
  if (!Number.isInteger(count)) node.invalid('number of inputs', 'two, and three for each part', 'another');
  const parts = Array.from({ length: count }, (_, i) => operand(node, 2 + 3 * i, `part${i}`));
  const axis = node.axis(node.int('axis', 0), node.shape(parts[0]!).length);
  return result(node, node.emit('concat', parts, { axis }, 'float'), 0, 2);
};

export const quantizedFunctions = defineOnnx({
  imports: {
    'com.microsoft:QLinearAdd': binary('add'),
    'com.microsoft:QLinearMul': binary('mul'),
    'com.microsoft:QLinearSigmoid': sigmoid,
    'com.microsoft:QLinearLeakyRelu': leakyRelu,
    'com.microsoft:QLinearSoftmax': softmax,
    'com.microsoft:QLinearAveragePool': pooled,
    'com.microsoft:QLinearGlobalAveragePool': averaged,
    'com.microsoft:QLinearConcat': concat,
  },
  exports: {},
});
