/**
 * Products of quantised numbers: exact sums of integers, then scaled. The products run in float32, which holds every
 * integer below 2²⁴; where sums may be larger one operand is taken apart, or the product runs in float64.
 */
import type { ValueId } from '../../ir/graph.ts';
import { elementCount } from '../../ir/types.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import } from './define.ts';
import { conv, matmul } from './linear.ts';
import { quantized, real } from './quantize.ts';

/** float32 has all integers up to here. */
const EXACT = 2 ** 24;
/** The largest |q − zero| of eight bits. */
const LARGEST = 255;
/** Elements of weights that are looked at for what they sum to. */
const READABLE = 2 ** 17;

/** q − zero in float32; `shape` is that of the zero, where it is not one number. */
function centred(node: ImportNode, q: ValueId, zero: ValueId | null, shape: number[], part: string): ValueId {
  const wide = real(node, q, `${part}.real`);
  if (zero === null || node.numbersOf(zero)?.every((one) => one === 0)) return wide;
  const shift = real(node, zero, `${part}.zero`);
  const count = elementCount(node.shape(shift));
  return node.emit('sub', [wide, node.reshape(shift, count === 1 ? [] : shape, `${part}.shift`)], {}, part);
}

interface Product {
  /** Of eight bits, centred. */
  readonly x: ValueId;
  readonly w: ValueId;
  /** Terms of each sum. */
  readonly depth: number;
  /** Tells apart the sums that element i of w is in. */
  resultOf(i: number): number;
  /** Integers in float32 that are added to the sums, or null. */
  readonly bias: ValueId | null;
  /** x times w, plus the bias, as nodes. */
  multiply(x: ValueId, w: ValueId, bias: ValueId | null, part: string): ValueId;
}

/** The most that the sum of |w| over the terms of one result can be. */
function weightSum(node: ImportNode, { w, depth, resultOf }: Product): number {
  const numbers = elementCount(node.shape(w)) <= READABLE ? node.numbersOf(w) : null;
  if (numbers === null) return LARGEST * depth;
  const sums = new Map<number, number>();
  for (const [i, n] of numbers.entries()) {
    const result = resultOf(i);
    sums.set(result, (sums.get(result) ?? 0) + Math.abs(n));
  }
  return [...sums.values()].reduce((most, sum) => Math.max(most, sum), 0);
}

function largestOf(node: ImportNode, bias: ValueId | null): number {
  if (bias === null) return 0;
  const numbers = node.numbersOf(bias);
  return numbers === null ? Number.POSITIVE_INFINITY : numbers.reduce((m, n) => Math.max(m, Math.abs(n)), 0);
}

/** The exact sums, as int32. */
function integerProduct(node: ImportNode, product: Product): ValueId {
  const { x, w, bias, multiply } = product;
  const [sum, shift] = [weightSum(node, product), largestOf(node, bias)];
  const whole = (id: ValueId, part: string): ValueId => node.emit('cast', [id], { to: 'int32' }, part);
  if (LARGEST * sum + shift < EXACT) return whole(multiply(x, w, bias, 'sums'), 'integers');
  if (16 * sum + shift < EXACT) {
    const sixteenth = node.emit('mul', [x, node.scalar('float32', 1 / 16, 'sixteenth')], {}, 'sixteenths');
    const high = node.emit('floor', [sixteenth], {}, 'high');
    const taken = node.emit('mul', [high, node.scalar('float32', 16, 'sixteen')], {}, 'sixteens');
    const low = node.emit('sub', [x, taken], {}, 'low');
    const upper = whole(multiply(high, w, null, 'upper'), 'upper.integers');
    const lower = whole(multiply(low, w, bias, 'lower'), 'lower.integers');
    const weighed = node.emit('mul', [upper, node.scalar('int32', 16, 'weight')], {}, 'weighed');
    return node.emit('add', [weighed, lower], {}, 'integers');
  }
  const double = (id: ValueId, part: string): ValueId => node.emit('cast', [id], { to: 'float64' }, part);
  const wideBias = bias === null ? null : double(bias, 'bias.double');
  return whole(multiply(double(x, 'x.double'), double(w, 'w.double'), wideBias, 'sums'), 'integers');
}

/** Sums of integers times what one of them stands for, over the result's scale: rounded once. */
function requantized(
  node: ImportNode,
  sums: ValueId,
  factor: ValueId,
  scale: ValueId,
  zero: ValueId,
): ValueId {
  const ratio = node.emit('div', [factor, real(node, scale, 'y.scale')], {}, 'ratio');
  const scaled = node.emit('mul', [real(node, sums, 'sums.real'), ratio], {}, 'scaled');
  return quantized(node, scaled, node.scalar('float32', 1, 'unit'), zero, -1, node.type(zero).dtype);
}

const convProduct = (
  node: ImportNode,
  q: ValueId,
  weights: ValueId,
  zeros: readonly (ValueId | null)[],
  bias: ValueId | null,
): ValueId => {
  const [outputs, ...kernel] = node.shape(weights);
  const spread = [outputs!, ...kernel.map(() => 1)];
  const x = centred(node, q, zeros[0]!, [], 'x');
  const w = centred(node, weights, zeros[1]!, spread, 'w');
  return integerProduct(node, {
    x,
    w,
    depth: elementCount(kernel),
    resultOf: (i) => Math.floor(i / elementCount(kernel)),
    bias,
    multiply: (a, b, c, part) => conv(node.on([a, b, c], part))[0]!,
  });
};

const qLinearConv: Import = (node) => {
  const [x, w, bias] = [node.input(0), node.input(3), node.optional(8)];
  const shift = bias === null ? null : real(node, bias, 'bias.real');
  const sums = convProduct(node, x, w, [node.input(2), node.input(5)], shift);
  const scale = real(node, node.input(4), 'w.scale');
  const count = elementCount(node.shape(scale));
  const spatial = node.shape(w).slice(2);
  const channels = node.reshape(scale, count === 1 ? [] : [count, ...spatial.map(() => 1)], 'w.scales');
  const factor = node.emit('mul', [real(node, node.input(1), 'x.scale'), channels], {}, 'factor');
  return [requantized(node, sums, factor, node.input(6), node.input(7))];
};

const convInteger: Import = (node) => [
  convProduct(node, node.input(0), node.input(1), [node.optional(2), node.optional(3)], null),
];

/** A parameter of a matrix: one number, one for each row (of a) or column (of b), or in a shape that broadcasts. */
function alongMatrix(node: ImportNode, id: ValueId, rows: boolean): number[] {
  const shape = [...node.shape(id)];
  return shape.length === 1 && rows ? [...shape, 1] : shape;
}

function matrixProduct(
  node: ImportNode,
  [a, b]: readonly [ValueId, ValueId],
  [aZero, bZero]: readonly [ValueId | null, ValueId | null],
): ValueId {
  const x = centred(node, a, aZero, aZero === null ? [] : alongMatrix(node, aZero, true), 'a');
  const w = centred(node, b, bZero, bZero === null ? [] : alongMatrix(node, bZero, false), 'b');
  const depth = node.shape(a).at(-1) ?? 1;
  const columns = node.shape(b).length > 1 ? node.shape(b).at(-1)! : 1;
  return integerProduct(node, {
    x,
    w,
    depth,
    resultOf: (i) => Math.floor(i / (depth * columns)) * columns + (i % columns),
    bias: null,
    multiply: (left, right, _, part) => matmul(node.on([left, right], part))[0]!,
  });
}

const matMulInteger: Import = (node) => [
  matrixProduct(node, [node.input(0), node.input(1)], [node.optional(2), node.optional(3)]),
];

const qLinearMatMul: Import = (node) => {
  const [aScale, bScale] = [node.input(1), node.input(4)];
  const sums = matrixProduct(node, [node.input(0), node.input(3)], [node.input(2), node.input(5)]);
  const scaleOf = (id: ValueId, rows: boolean, part: string): ValueId => {
    const count = elementCount(node.shape(id));
    return node.reshape(real(node, id, part), count === 1 ? [] : alongMatrix(node, id, rows), part);
  };
  const factor = node.emit(
    'mul',
    [scaleOf(aScale, true, 'a.scale'), scaleOf(bScale, false, 'b.scale')],
    {},
    'factor',
  );
  return [requantized(node, sums, factor, node.input(6), node.input(7))];
};

/** The range of x, 0 included, in 256 steps; zero is where 0 falls. (ONNX DynamicQuantizeLinear-11) */
export function dynamicallyQuantized(node: ImportNode, x: ValueId) {
  const axes = node.shape(x).map((_, axis) => axis);
  const nothing = node.scalar('float32', 0, 'nothing');
  const end = (reduce: 'reduceMin' | 'reduceMax', bound: 'min' | 'max'): ValueId =>
    node.emit(
      bound,
      [node.emit(reduce, [x], { axes, keepDims: false }, reduce), nothing],
      {},
      `${bound}.end`,
    );
  const [low, high] = [end('reduceMin', 'min'), end('reduceMax', 'max')];
  const range = node.emit('sub', [high, low], {}, 'range');
  const scale = node.emit('div', [range, node.scalar('float32', 255, 'steps')], {}, 'y_scale');
  // Of zeros alone any scale will do but 0.
  const least = node.scalar('float32', 2 ** -126, 'least');
  const divisor = node.emit('max', [scale, least], {}, 'divisor');
  const below = node.emit('neg', [low], {}, 'below');
  const zero = node.emit('quantize', [below, divisor], { to: 'uint8' }, 'y_zero_point');
  const shift = real(node, zero, 'zero.real');
  const y = node.emit('quantize', [x, divisor, shift], { to: 'uint8' });
  return { y, scale, zero };
}

const dynamicQuantizeLinear: Import = (node) => {
  const { y, scale, zero } = dynamicallyQuantized(node, node.input(0));
  return [y, scale, zero];
};

/** Sums over quantised a and b in what they stand for, with a bias if there is one. */
function asFloat(
  node: ImportNode,
  sums: ValueId,
  scales: readonly [ValueId, ValueId],
  bias: ValueId | null,
): ValueId {
  const factor = node.emit('mul', [...scales], {}, 'factor');
  const wide = real(node, sums, 'sums.real');
  const scaled = node.emit('mul', [wide, factor], {}, bias === null ? '' : 'scaled');
  return bias === null ? scaled : node.emit('add', [scaled, bias]);
}

const matMulIntegerToFloat: Import = (node) => {
  const sums = matrixProduct(node, [node.input(0), node.input(1)], [node.optional(4), node.optional(5)]);
  return [asFloat(node, sums, [node.input(2), node.input(3)], node.optional(6))];
};

const dynamicQuantizeMatMul: Import = (node) => {
  const a = dynamicallyQuantized(node.on([], 'a'), node.input(0));
  const sums = matrixProduct(node, [a.y, node.input(1)], [a.zero, node.optional(3)]);
  return [asFloat(node, sums, [a.scale, node.input(2)], node.optional(4))];
};

/** alpha · a · b + c, where c is in units of both scales. */
const qGemm: Import = (node) => {
  const turned = (index: number, attribute: string): ValueId =>
    node.int(attribute, 0) === 0
      ? node.input(index)
      : node.emit('transpose', [node.input(index)], { perm: [1, 0] }, attribute);
  const operands = [turned(0, 'transA'), turned(3, 'transB')] as const;
  const sums = real(node, matrixProduct(node, operands, [node.input(2), node.input(5)]), 'sums.real');
  const alpha = node.float('alpha', 1);
  const scaled =
    alpha === 1 ? sums : node.emit('mul', [sums, node.scalar('float32', alpha, 'alpha')], {}, 'weighed');
  const c = node.optional(6);
  const shifted = c === null ? scaled : node.emit('add', [scaled, real(node, c, 'c.real')], {}, 'shifted');
  const [scale, zero] = [node.optional(7), node.optional(8)];
  if (scale === null || zero === null) return [asFloat(node, shifted, [node.input(1), node.input(4)], null)];
  const factor = node.emit('mul', [node.input(1), node.input(4)], {}, 'factor');
  return [requantized(node, shifted, factor, scale, zero)];
};

export const quantizedProducts = defineOnnx({
  imports: {
    QLinearConv: qLinearConv,
    QLinearMatMul: qLinearMatMul,
    ConvInteger: convInteger,
    MatMulInteger: matMulInteger,
    DynamicQuantizeLinear: dynamicQuantizeLinear,
    'com.microsoft:MatMulIntegerToFloat': matMulIntegerToFloat,
    'com.microsoft:DynamicQuantizeMatMul': dynamicQuantizeMatMul,
    'com.microsoft:QGemm': qGemm,
  },
  exports: {},
});
