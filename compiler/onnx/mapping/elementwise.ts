/** Ops that act element by element. */
import type { Attrs } from '../../ir/constant.ts';
import type { ValueId } from '../../ir/graph.ts';
import { isFloat } from '../../ir/types.ts';
import type { Mapping, NodeContext } from '../import/context.ts';

const unary =
  (op: string, attrs: (node: NodeContext) => Attrs = () => ({})): Mapping =>
  (node) => [node.emit(op, [node.input(0)], attrs(node))];

const binary =
  (op: string): Mapping =>
  (node) => [node.emit(op, [node.input(0), node.input(1)])];

/** Any number of inputs: a chain of binary ops, in the order given. */
function chain(node: NodeContext, op: string): ValueId {
  const inputs = node.inputs.map((_, i) => node.input(i));
  if (inputs.length === 0) node.invalid('has no inputs');
  const last = inputs.length - 1;
  return inputs.reduce((sum, input, i) => node.emit(op, [sum, input], {}, i === last ? '' : `${i}`));
}

const mean: Mapping = (node) => {
  const sum = chain(node, 'add');
  const share = node.scalar(node.type(sum).dtype, 1 / node.inputs.length, 'share');
  return [node.emit('mul', [sum, share], {}, 'mean')];
};

/** Bounds are attributes until opset 11, then inputs: constants, as a rule, which become attributes again. */
const clip: Mapping = (node) => {
  const x = node.input(0);
  const [low, high] = node.opset < 11 ? [null, null] : [node.optional(1), node.optional(2)];
  const constant = (id: ValueId | null): boolean => id === null || node.isConstant(id);
  if (isFloat(node.type(x).dtype) && constant(low) && constant(high)) {
    const min = node.opset < 11 ? node.float('min', Number.NEGATIVE_INFINITY) : node.constantNumber(1, 'min');
    const max = node.opset < 11 ? node.float('max', Number.POSITIVE_INFINITY) : node.constantNumber(2, 'max');
    const attrs = { min: min ?? Number.NEGATIVE_INFINITY, max: max ?? Number.POSITIVE_INFINITY };
    return [node.emit('clip', [x], attrs)];
  }
  const raised = low === null ? x : node.emit('max', [x, low], {}, high === null ? '' : 'min');
  return [high === null ? raised : node.emit('min', [raised, high])];
};

/** The exponent may have another type than the base, which the result has. */
const pow: Mapping = (node) => {
  const [x, y] = [node.input(0), node.input(1)];
  const to = node.type(x).dtype;
  const exponent = node.type(y).dtype === to ? y : node.emit('cast', [y], { to }, 'exponent');
  return [node.emit('pow', [x, exponent])];
};

/** Remainder: of the divisor's sign by default, of the dividend's with fmod. */
const mod: Mapping = (node) => {
  const fmod = node.int('fmod', 0) !== 0;
  return [node.emit('mod', [node.input(0), node.input(1)], fmod ? { fmod } : {})];
};

export const elementwise: Readonly<Record<string, Mapping>> = {
  Relu: unary('relu'),
  Sigmoid: unary('sigmoid'),
  HardSwish: unary('hardSwish'),
  Tanh: unary('tanh'),
  Softplus: unary('softplus'),
  Mish: unary('mish'),
  Exp: unary('exp'),
  Log: unary('log'),
  Sqrt: unary('sqrt'),
  Reciprocal: unary('reciprocal'),
  Erf: unary('erf'),
  Abs: unary('abs'),
  Neg: unary('neg'),
  Floor: unary('floor'),
  Ceil: unary('ceil'),
  Not: unary('not'),
  IsNaN: unary('isNan'),
  LeakyRelu: unary('leakyRelu', (node) => ({ alpha: node.float('alpha', 0.01) })),
  Elu: unary('elu', (node) => ({ alpha: node.float('alpha', 1) })),
  Gelu: unary('gelu', (node) => ({ approximate: node.string('approximate', 'none') })),
  HardSigmoid: unary('hardSigmoid', (node) => ({
    alpha: node.float('alpha', 0.2),
    beta: node.float('beta', 0.5),
  })),
  Clip: clip,
  Add: binary('add'),
  Sub: binary('sub'),
  Mul: binary('mul'),
  Div: binary('div'),
  Pow: pow,
  PRelu: binary('prelu'),
  Sum: (node) => [chain(node, 'add')],
  Max: (node) => [chain(node, 'max')],
  Min: (node) => [chain(node, 'min')],
  Mean: mean,
  Equal: binary('equal'),
  Less: binary('less'),
  Greater: binary('greater'),
  LessOrEqual: binary('lessOrEqual'),
  GreaterOrEqual: binary('greaterOrEqual'),
  And: binary('and'),
  Or: binary('or'),
  Mod: mod,
  Where: (node) => [node.emit('where', [node.input(0), node.input(1), node.input(2)])],
};
