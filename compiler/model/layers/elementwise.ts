/** Activations and arithmetic: one output element for each input element, with broadcasting. */
import { layerName, node, scalar } from '../define.ts';
import type { Tensor } from '../tensor.ts';

const unary =
  (op: string) =>
  (x: Tensor): Tensor =>
    node(layerName(op), op, [x])[0]!;

export const relu = unary('relu');
export const sigmoid = unary('sigmoid');
export const hardSwish = unary('hardSwish');
export const tanh = unary('tanh');
/** x · sigmoid(x), also called swish. */
export const silu = unary('silu');
export const mish = unary('mish');
export const softplus = unary('softplus');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const erf = unary('erf');
export const abs = unary('abs');
export const neg = unary('neg');

export const clip = (x: Tensor, min: number, max: number): Tensor =>
  node(layerName('clip'), 'clip', [x], { min, max })[0]!;
export const relu6 = (x: Tensor): Tensor => clip(x, 0, 6);
export const leakyRelu = (x: Tensor, alpha = 0.01): Tensor =>
  node(layerName('leakyRelu'), 'leakyRelu', [x], { alpha })[0]!;
/** clip(alpha·x + beta, 0, 1); the defaults are those of MobileNet v3. */
export const hardSigmoid = (x: Tensor, alpha = 1 / 6, beta = 0.5): Tensor =>
  node(layerName('hardSigmoid'), 'hardSigmoid', [x], { alpha, beta })[0]!;
export const gelu = (x: Tensor, approximate: 'none' | 'tanh' = 'none'): Tensor =>
  node(layerName('gelu'), 'gelu', [x], { approximate })[0]!;
export const softmax = (x: Tensor, axis = -1): Tensor =>
  node(layerName('softmax'), 'softmax', [x], { axis: axis < 0 ? axis + x.rank : axis })[0]!;
export const logSoftmax = (x: Tensor, axis = -1): Tensor =>
  node(layerName('logSoftmax'), 'logSoftmax', [x], { axis: axis < 0 ? axis + x.rank : axis })[0]!;

/** Shapes broadcast from the right, as in NumPy; a number is a scalar. */
const binary =
  (op: string) =>
  (a: Tensor, b: Tensor | number): Tensor =>
    node(layerName(op), op, [a, typeof b === 'number' ? scalar(b, a.dtype) : b])[0]!;

export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
export const div = binary('div');
export const pow = binary('pow');
export const minimum = binary('min');
export const maximum = binary('max');
