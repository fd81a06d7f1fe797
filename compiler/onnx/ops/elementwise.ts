/** Ops that act element by element. How functions of one number are written is in `functions.ts`. */
import type { ValueId } from '../../ir/graph.ts';
import { isFloat, type TensorType } from '../../ir/types.ts';
import type { AttrsOf, PlainOp } from '../../ops/index.ts';
import { float, int } from '../export/graph.ts';
import type { ImportNode } from '../import/node.ts';
import { narrowOf } from '../read/narrow.ts';
import { dtypeOf, elementTypeName, elementTypeNamed, elementTypeOf } from '../read/schema.ts';
import { defineOnnx, type Export, type Import, noNode } from './define.ts';
import { finish, unary } from './functions.ts';
import { operandsOf, slopesOf } from './old-broadcast.ts';

const one =
  (op: PlainOp): Import =>
  (node) => [node.emit(op, [node.input(0)])];

const two =
  (op: PlainOp): Import =>
  (node) => [node.emit(op, operandsOf(node))];

/** Any number of inputs: a chain of binary ops, in the order given. */
function chain(node: ImportNode, op: 'add' | 'max' | 'min'): ValueId {
  const inputs = node.inputs.map((_, i) => node.input(i));
  if (inputs.length === 0) node.invalid('has no inputs');
  const last = inputs.length - 1;
  return inputs.reduce((sum, input, i) => node.emit(op, [sum, input], {}, i === last ? '' : `${i}`));
}

const mean: Import = (node) => {
  const sum = chain(node, 'add');
  const share = node.scalar(node.type(sum).dtype, 1 / node.inputs.length, 'share');
  return [node.emit('mul', [sum, share], {}, 'mean')];
};

/** Bounds are attributes until opset 11, then inputs: constants, as a rule, which become attributes again. */
const clip: Import = (node) => {
  const x = node.input(0);
  const [low, high] = node.opset < 11 ? [null, null] : [node.optional(1), node.optional(2)];
  const boundOf = (attribute: string, id: ValueId | null, none: number): number | null => {
    if (node.opset < 11) return node.float(attribute, none);
    if (id === null) return none;
    const known = node.numbersOf(id);
    return known === null ? null : (known[0] ?? none);
  };
  if (isFloat(node.type(x).dtype)) {
    const min = boundOf('min', low, Number.NEGATIVE_INFINITY);
    const max = boundOf('max', high, Number.POSITIVE_INFINITY);
    if (min !== null && max !== null) return [node.emit('clip', [x], { min, max })];
  }
  const raised = low === null ? x : node.emit('max', [x, low], {}, high === null ? '' : 'min');
  return [high === null ? raised : node.emit('min', [raised, high])];
};

/**
 * The exponent may have another type than the base, which the result has. A fraction of an exponent counts, for a base
 * of integers too.
 */
const pow: Import = (node) => {
  const [x, y] = operandsOf(node);
  const to = node.type(x).dtype;
  if (!isFloat(to) && isFloat(node.type(y).dtype)) {
    const wide = (id: ValueId, part: string): ValueId =>
      node.type(id).dtype === 'float64' ? id : node.emit('cast', [id], { to: 'float64' }, part);
    const power = node.emit('pow', [wide(x, 'base'), wide(y, 'exponent')], {}, 'power');
    return [node.emit('cast', [power], { to })];
  }
  const exponent = node.type(y).dtype === to ? y : node.emit('cast', [y], { to }, 'exponent');
  return [node.emit('pow', [x, exponent])];
};

/** Remainder: of the divisor's sign by default, of the dividend's with fmod. */
const mod: Import = (node) => {
  const fmod = node.int('fmod', 0) !== 0;
  return [node.emit('mod', [node.input(0), node.input(1)], fmod ? { fmod } : {})];
};

function castTo(node: ImportNode, x: ValueId, to: string): ReturnType<Import> {
  return [node.type(x).dtype === to ? x : node.emit('cast', [x], { to })];
}

/** Until opset 5 the type is given by its name, `FLOAT16`. */
const cast: Import = (node) => {
  const to = node.opset < 6 ? elementTypeNamed(node.string('to', '').toLowerCase()) : node.int('to', 0);
  // bfloat16 is computed as float32, as float16 is.
  const wide = narrowOf(to)?.bits === 16 ? 'float32' : dtypeOf(to);
  return castTo(node, node.input(0), wide ?? node.unsupported(`to element type ${elementTypeName(to)}`));
};

const castLike: Import = (node) => {
  const like = node.input(1);
  // Of the floats that only store, float32 stands for bfloat16 alone: the others would have to be rounded.
  node.requireWhole(like);
  return castTo(node, node.input(0), node.type(like).dtype);
};

/** The ONNX op of our inputs in our order, then what fusion put behind it. */
const named =
  (op: string): Export =>
  (node) => [finish(node, node.add(op, node.all()))];

const writeCast: Export = (node) => [
  node.add('Cast', [node.input(0)], { to: int(elementTypeOf(node.type.dtype)) }),
];

const writeIsInf: Export<AttrsOf<'isInf'>> = (node) => [
  node.add('IsInf', node.all(), {
    detect_negative: int(node.attrs.negative ? 1 : 0),
    detect_positive: int(node.attrs.positive ? 1 : 0),
  }),
];

/** Of float32 only, in ONNX; of others it is spelled out. */
const writeCelu: Export<AttrsOf<'celu'>> = (node) => {
  const { alpha } = node.attrs;
  if (node.type.dtype === 'float32') return [node.add('Celu', [node.input(0)], { alpha: float(alpha) })];
  const width = node.operand(node.type.dtype, [], [alpha], 'width');
  const bent = node.add('Elu', [node.add('Div', [node.input(0), width], {}, 'narrow')], {}, 'bent');
  return [node.add('Mul', [bent, width])];
};

/**
 * Of floats ONNX has the remainder of the dividend's sign only; ours has the divisor's, which it gets by adding the
 * divisor where the signs differ.
 */
const writeMod: Export<AttrsOf<'mod'>> = (node) => {
  const [a, b] = [node.input(0), node.input(1)];
  const fmod = node.attrs.fmod;
  if (fmod || !isFloat(node.type.dtype)) return [node.add('Mod', [a, b], fmod ? { fmod: int(1) } : {})];
  const bool = (type: TensorType): TensorType => ({ ...type, dtype: 'bool' });
  const type = bool(node.type);
  const rest = node.add('Mod', [a, b], { fmod: int(1) }, 'rest');
  const zero = node.operand(node.type.dtype, [], [0], 'zero');
  const restBelow = node.add('Less', [rest, zero], {}, 'rest_below', type);
  const divisorBelow = node.add('Less', [b, zero], {}, 'divisor_below', bool(node.typeOf(1)));
  const alike = node.add('Equal', [restBelow, divisorBelow], {}, 'alike', type);
  const none = node.add('Equal', [rest, zero], {}, 'none', type);
  const stays = node.add('Or', [alike, none], {}, 'stays', type);
  const moved = node.add('Add', [rest, b], {}, 'moved');
  return [node.add('Where', [stays, rest, moved])];
};

export const elementwise = defineOnnx({
  imports: {
    Exp: one('exp'),
    Log: one('log'),
    Sqrt: one('sqrt'),
    Reciprocal: one('reciprocal'),
    Erf: one('erf'),
    Abs: one('abs'),
    Neg: one('neg'),
    Floor: one('floor'),
    Ceil: one('ceil'),
    Sin: one('sin'),
    Cos: one('cos'),
    Tan: one('tan'),
    Asin: one('asin'),
    Acos: one('acos'),
    Atan: one('atan'),
    Sinh: one('sinh'),
    Cosh: one('cosh'),
    Asinh: one('asinh'),
    Acosh: one('acosh'),
    Atanh: one('atanh'),
    Round: one('round'),
    Sign: one('sign'),
    Not: one('not'),
    IsNaN: one('isNan'),
    IsInf: (node) => [
      node.emit('isInf', [node.input(0)], {
        negative: node.int('detect_negative', 1) !== 0,
        positive: node.int('detect_positive', 1) !== 0,
      }),
    ],
    Clip: clip,
    Add: two('add'),
    Sub: two('sub'),
    Mul: two('mul'),
    Div: two('div'),
    Pow: pow,
    PRelu: (node) => [node.emit('prelu', slopesOf(node))],
    Sum: (node) => [chain(node, 'add')],
    Max: (node) => [chain(node, 'max')],
    Min: (node) => [chain(node, 'min')],
    Mean: mean,
    Equal: two('equal'),
    Less: two('less'),
    Greater: two('greater'),
    LessOrEqual: two('lessOrEqual'),
    GreaterOrEqual: two('greaterOrEqual'),
    And: two('and'),
    Or: two('or'),
    Xor: two('xor'),
    Mod: mod,
    Where: (node) => [node.emit('where', [node.input(0), node.input(1), node.input(2)])],
    Cast: cast,
    CastLike: castLike,
  },
  exports: {
    abs: unary,
    ceil: unary,
    clip: unary,
    elu: unary,
    erf: unary,
    exp: unary,
    floor: unary,
    gelu: unary,
    hardSigmoid: unary,
    hardSwish: unary,
    leakyRelu: unary,
    log: unary,
    mish: unary,
    neg: unary,
    reciprocal: unary,
    relu: unary,
    sigmoid: unary,
    silu: unary,
    softplus: unary,
    sqrt: unary,
    tanh: unary,
    add: named('Add'),
    sub: named('Sub'),
    mul: named('Mul'),
    div: named('Div'),
    pow: named('Pow'),
    min: named('Min'),
    max: named('Max'),
    prelu: named('PRelu'),
    equal: named('Equal'),
    less: named('Less'),
    lessOrEqual: named('LessOrEqual'),
    greater: named('Greater'),
    greaterOrEqual: named('GreaterOrEqual'),
    and: named('And'),
    or: named('Or'),
    xor: named('Xor'),
    not: named('Not'),
    isNan: named('IsNaN'),
    isInf: writeIsInf,
    sin: named('Sin'),
    cos: named('Cos'),
    tan: named('Tan'),
    asin: named('Asin'),
    acos: named('Acos'),
    atan: named('Atan'),
    sinh: named('Sinh'),
    cosh: named('Cosh'),
    asinh: named('Asinh'),
    acosh: named('Acosh'),
    atanh: named('Atanh'),
    round: named('Round'),
    sign: named('Sign'),
    where: named('Where'),
    celu: writeCelu,
    cast: writeCast,
    mod: writeMod,
    fromBfloat16: noNode,
  },
});
