/** One or more networks of one op for each op of the list, with what is hard about it: orders, ranks, dtypes, defaults. */
import type { GraphBuilder } from '../../compiler/ir/builder.ts';
import type { Attrs } from '../../compiler/ir/constant.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { bytesOf, fromNumbers } from '../../compiler/ir/tensor.ts';
import { type DType, elementCount, type Shape } from '../../compiler/ir/types.ts';
import { graphBuilder } from '../../compiler/ops/index.ts';
import { indexingCases } from './indexing-export-cases.ts';
import { samplingCases } from './sampling-export-cases.ts';

/** An input of the network; with `range`, a constant of numbers in it. */
export interface Operand {
  readonly shape: Shape;
  readonly dtype?: DType;
  readonly range?: readonly [low: number, high: number];
  readonly values?: readonly number[];
}

export interface Case {
  readonly op: string;
  readonly inputs: readonly (Operand | null)[];
  readonly attrs?: Attrs;
  /** What onnxruntime cannot do of it, or does otherwise. */
  readonly oracle?: string;
}

const x = (...shape: number[]): Operand => ({ shape });
const ints = (...shape: number[]): Operand => ({ shape, dtype: 'int64' });
const bools = (...shape: number[]): Operand => ({ shape, dtype: 'bool' });
const w = (...shape: number[]): Operand => ({ shape, range: [-1, 1] });
const positive = (...shape: number[]): Operand => ({ shape, range: [0.5, 2] });
const given = (dtype: DType, shape: Shape, values: readonly number[]): Operand => ({ dtype, shape, values });

const w0 = (value: number): Operand => given('float32', [], [value]);

const window = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };
const pool = { kernel: [2, 2], ...window };
const image = x(2, 5, 4, 6);
const unary = [
  ...['relu', 'sigmoid', 'hardSwish', 'tanh', 'silu', 'mish', 'softplus', 'exp', 'erf', 'abs', 'neg'],
  ...['floor', 'ceil', 'sin', 'cos', 'tan', 'atan', 'sinh', 'cosh', 'asinh', 'round', 'sign'],
].map((op): Case => ({ op, inputs: [x(2, 3)] }));
const functions = [
  { act: 'relu' },
  { act: 'clip', alpha: 0, beta: 6 },
  { act: 'leakyRelu', alpha: 0.1 },
  { act: 'hardSigmoid', alpha: 0.25, beta: 0.5 },
  { act: 'silu' },
  { act: 'mish' },
  { act: 'geluTanh' },
];

export const cases: readonly Case[] = [
  ...indexingCases,
  ...samplingCases,
  ...unary,
  ...['log', 'sqrt', 'reciprocal'].map((op): Case => ({ op, inputs: [positive(2, 3)] })),
  ...['asin', 'acos', 'atanh'].map((op): Case => ({ op, inputs: [given('float32', [2], [0.5, -0.25])] })),
  { op: 'acosh', inputs: [given('float32', [2], [1.5, 4])] },
  { op: 'clip', inputs: [x(2, 3)], attrs: { min: -0.5 } },
  { op: 'clip', inputs: [x(2, 3)], attrs: { min: -0.5, max: 0.25 } },
  { op: 'clip', inputs: [x(2, 3)] },
  { op: 'clip', inputs: [ints(4)], attrs: { max: 0 } },
  { op: 'leakyRelu', inputs: [x(5)], attrs: { alpha: 0.2 } },
  { op: 'hardSigmoid', inputs: [x(5)], attrs: { alpha: 0.25 } },
  { op: 'elu', inputs: [x(5)], attrs: { alpha: 0.5 } },
  { op: 'celu', inputs: [x(2, 3)], attrs: { alpha: 0.5 } },
  { op: 'celu', inputs: [{ shape: [3], dtype: 'float64' }], attrs: { alpha: 2 } },
  { op: 'gelu', inputs: [x(2, 3)] },
  { op: 'gelu', inputs: [x(2, 3)], attrs: { approximate: 'tanh' } },
  ...['add', 'sub', 'mul', 'div', 'min', 'max'].flatMap((op): Case[] => [
    { op, inputs: [x(2, 3), w(3)] },
    { op, inputs: [x(2, 1), x(3)], attrs: { act: 'relu' } },
  ]),
  { op: 'add', inputs: [ints(2, 2), ints(2)] },
  { op: 'pow', inputs: [positive(3), x(2, 3)] },
  { op: 'prelu', inputs: [x(2, 3, 4), w(4)] },
  ...['equal', 'less', 'greater', 'lessOrEqual', 'greaterOrEqual'].map(
    (op): Case => ({ op, inputs: [x(2, 3), w(3)] }),
  ),
  { op: 'equal', inputs: [bools(4), bools(4)] },
  ...['and', 'or', 'xor'].map((op): Case => ({ op, inputs: [bools(2, 3), bools(3)] })),
  { op: 'not', inputs: [bools(4)] },
  { op: 'isNan', inputs: [given('float32', [3], [1, Number.NaN, -1])] },
  { op: 'isInf', inputs: [given('float32', [3], [1, -Infinity, Infinity])], attrs: { negative: false } },
  ...['bitwiseAnd', 'bitwiseOr', 'bitwiseXor'].map((op): Case => ({ op, inputs: [ints(2, 3), ints(3)] })),
  { op: 'bitwiseNot', inputs: [ints(4)] },
  ...['shiftLeft', 'shiftRight'].map(
    (op): Case => ({ op, inputs: [given('uint8', [3], [1, 16, 200]), given('uint8', [3], [1, 2, 7])] }),
  ),
  { op: 'bitCast', inputs: [x(2, 3)], attrs: { to: 'int32' } },
  { op: 'where', inputs: [bools(2, 1), x(2, 3), w(3)] },
  { op: 'mod', inputs: [given('int64', [4], [5, -5, 5, -5]), given('int64', [4], [3, 3, -3, -3])] },
  { op: 'mod', inputs: [given('float32', [5], [5, -5, 5, -5, 6]), given('float32', [5], [3, 3, -3, -3, 3])] },
  { op: 'mod', inputs: [x(4), positive(4)], attrs: { fmod: true } },
  { op: 'quantize', inputs: [x(2, 3), w0(0.01)], attrs: { to: 'uint8' } },
  {
    op: 'quantize',
    inputs: [x(2, 3), given('float32', [3], [0.01, 0.5, 0.1]), given('float32', [], [3])],
    attrs: { to: 'int8' },
  },
  { op: 'quantize', inputs: [x(2, 3), w0(0.0001)], attrs: { to: 'int16' } },
  { op: 'dequantize', inputs: [given('uint8', [2, 2], [0, 3, 7, 255]), w0(0.1), w0(3)] },
  { op: 'dequantize', inputs: [given('int8', [3], [-9, 3, 7]), given('float32', [3], [0.5, 1, 2])] },
  { op: 'cast', inputs: [x(2, 3)], attrs: { to: 'int32' } },
  { op: 'cast', inputs: [ints(2)], attrs: { to: 'float32' } },
  { op: 'identity', inputs: [x(2)] },
  { op: 'fromBfloat16', inputs: [given('uint16', [3], [0x3f80, 0xc000, 0])] },

  { op: 'conv', inputs: [image, w(4, 6, 3, 3)], attrs: { ...window, pads: [1, 1, 1, 1], strides: [2, 1] } },
  { op: 'conv', inputs: [image, w(6, 1, 2, 2), w(6)], attrs: { ...window, groups: 6, dilations: [2, 1] } },
  {
    op: 'conv',
    inputs: [x(1, 7, 3), w(4, 3, 3), w(4)],
    attrs: { strides: [2], dilations: [1], pads: [1, 0] },
  },
  { op: 'conv', inputs: [image, w(4, 6, 1, 1), w(4), x(2, 5, 4, 4)], attrs: { ...window, act: 'relu' } },
  { op: 'conv', inputs: [image, x(4, 6, 1, 1), null, x(2, 5, 4, 4)], attrs: window },
  ...functions.map(
    (act): Case => ({ op: 'conv', inputs: [image, w(2, 6, 1, 1)], attrs: { ...window, ...act } }),
  ),
  {
    op: 'convTranspose',
    inputs: [x(1, 3, 3, 4), w(4, 3, 3, 2), w(6)],
    attrs: { strides: [2, 1], dilations: [1, 2], pads: [1, 0, 0, 1], outputPadding: [1, 0], groups: 2 },
  },
  {
    op: 'convTranspose',
    inputs: [x(1, 4, 2), w(2, 3, 2), w(3)],
    attrs: { strides: [2], dilations: [1], pads: [0, 0], outputPadding: [3], act: 'relu' },
  },
  {
    op: 'convTranspose',
    inputs: [x(1, 4, 2), w(2, 3, 2)],
    attrs: { strides: [1], dilations: [1], pads: [-1, 1], outputPadding: [0] },
  },
  { op: 'maxPool', inputs: [image], attrs: { ...pool, strides: [2, 2], pads: [1, 0, 1, 0], ceilMode: true } },
  { op: 'maxPool', inputs: [x(1, 6, 2)], attrs: { kernel: [2], strides: [1], dilations: [2], pads: [0, 0] } },
  { op: 'averagePool', inputs: [image], attrs: { ...pool, strides: [2, 1], pads: [1, 1, 0, 0] } },
  { op: 'averagePool', inputs: [image], attrs: { ...pool, pads: [1, 1, 1, 1], countIncludePad: true } },
  { op: 'averagePool', inputs: [image], attrs: { ...pool, dilations: [2, 1] } },
  { op: 'batchNorm', inputs: [image, positive(6), w(6), w(6), positive(6)], attrs: { epsilon: 0.01 } },
  { op: 'batchNorm', inputs: [x(3, 4), positive(4), w(4), w(4), positive(4)], attrs: { act: 'relu' } },
  { op: 'batchNorm', inputs: [x(3, 4), positive(3), w(3), w(3), positive(3)], attrs: { axis: 0 } },
  { op: 'batchNorm', inputs: [x(2, 3, 4), positive(3), w(3), w(3), positive(3)], attrs: { axis: 1 } },
  { op: 'batchNorm', inputs: [x(4), positive(4), w(4), w(4), positive(4)] },
  { op: 'instanceNorm', inputs: [image, positive(6), w(6)], attrs: { epsilon: 0.1, act: 'relu' } },
  { op: 'instanceNorm', inputs: [x(2, 3), positive(3), w(3)], attrs: { epsilon: 0.1 } },
  { op: 'layerNorm', inputs: [x(2, 3, 5), positive(5), w(5)], attrs: { epsilon: 0.1 } },
  { op: 'layerNorm', inputs: [x(7), positive(7), x(7)] },
  { op: 'rmsNorm', inputs: [x(2, 3, 5), positive(5)], attrs: { epsilon: 0.1 } },
  { op: 'lstm', inputs: [x(2, 5, 3), w(16, 3), w(16, 4)] },
  {
    op: 'lstm',
    inputs: [x(3, 4, 3), w(20, 3), w(20, 5), w(20), w(20), x(3, 5), x(3, 5)],
    attrs: { reverse: true },
  },
  { op: 'lstm', inputs: [x(1, 4, 3), w(20, 3), w(20, 5), null, w(20)] },
  { op: 'gru', inputs: [x(2, 5, 3), w(12, 3), w(12, 4)] },
  {
    op: 'gru',
    inputs: [x(3, 4, 3), w(15, 3), w(15, 5), w(15), w(15), x(3, 5)],
    attrs: { reverse: true },
  },
  { op: 'recurrentCell', inputs: [x(2, 5, 3), w(4, 3), w(4, 4)], attrs: { cell: 'rnn' } },
  {
    op: 'recurrentCell',
    inputs: [x(2, 5, 3), w(12, 3), w(12, 4), w(12), null, null, given('int32', [2], [3, 5]), w(2, 4)],
    attrs: { cell: 'gru', reverse: true, clip: 0.5 },
  },
  {
    op: 'recurrentCell',
    inputs: [x(2, 5, 3), w(16, 3), w(16, 4), null, null, w(12), null, null, w(2, 4)],
    attrs: { cell: 'lstm', inputForget: true },
  },
  {
    op: 'recurrentCell',
    inputs: [x(2, 3, 3), w(16, 3), w(16, 4)],
    attrs: {
      cell: 'lstm',
      activations: ['HardSigmoid', 'Tanh', 'Elu'],
      alphas: [0.3, 0, 0.5],
      betas: [0.4, 0, 0],
    },
  },
  { op: 'lrn', inputs: [image], attrs: { size: 3, alpha: 0.5, beta: 0.5, bias: 2 } },
  { op: 'lrn', inputs: [x(2, 3, 4)], attrs: { size: 3, alpha: 0.5 } },
  { op: 'lrn', inputs: [image], attrs: { size: 2, alpha: 0.5 }, oracle: 'odd sizes only' },
  { op: 'depthToSpace', inputs: [x(1, 2, 3, 8)], attrs: { blockSize: 2 } },
  { op: 'depthToSpace', inputs: [x(1, 2, 3, 8)], attrs: { blockSize: 2, mode: 'CRD' } },
  { op: 'spaceToDepth', inputs: [x(1, 4, 6, 3)], attrs: { blockSize: 2 } },
  { op: 'spaceToDepth', inputs: [x(1, 4, 6, 3)], attrs: { blockSize: 2, mode: 'CRD' } },

  { op: 'matmul', inputs: [x(2, 3), w(3, 4)] },
  { op: 'matmul', inputs: [x(3, 2), w(4, 3), w(4)], attrs: { transA: true, transB: true, act: 'gelu' } },
  { op: 'matmul', inputs: [x(2, 3), w(3, 4), w(4), x(2, 4)], attrs: { act: 'relu' } },
  { op: 'matmul', inputs: [x(5, 2, 3), w(4, 3), w(4)], attrs: { transB: true } },
  { op: 'matmul', inputs: [x(2, 1, 3, 4), x(2, 3, 5)], attrs: { transA: true } },

  { op: 'reduceMean', inputs: [image], attrs: { axes: [1, 2] } },
  { op: 'reduceMean', inputs: [x(2, 6, 5, 4)], attrs: { axes: [2, 3] } },
  { op: 'reduceMax', inputs: [x(2, 6, 5, 4)], attrs: { axes: [2, 3] } },
  { op: 'reduceMax', inputs: [image], attrs: { axes: [3], keepDims: false } },
  { op: 'reduceMin', inputs: [x(2, 3)], attrs: { axes: [0, 1], keepDims: false } },
  { op: 'reduceProd', inputs: [x(2, 3)], attrs: { axes: [1] } },
  { op: 'reduceSum', inputs: [x(2, 3)], attrs: { axes: [1], keepDims: false } },
  { op: 'reduceSum', inputs: [x(2, 3)], attrs: { axes: [] } },
  { op: 'softmax', inputs: [x(2, 3, 4)] },
  { op: 'softmax', inputs: [x(2, 3, 4)], attrs: { axis: 1 } },
  { op: 'logSoftmax', inputs: [x(2, 3)] },

  { op: 'concat', inputs: [x(2, 3), w(2, 1), x(2, 2)], attrs: { axis: 1 } },
  { op: 'concat', inputs: [x(2, 3)], attrs: { axis: 1 } },
  { op: 'split', inputs: [x(2, 5)], attrs: { axis: 1, sizes: [1, 4] } },
  { op: 'split', inputs: [x(2, 5)], attrs: { axis: 1, sizes: [5] } },
  { op: 'slice', inputs: [x(4, 5)], attrs: { starts: [1, 4], steps: [1, -2], sizes: [2, 3] } },
  { op: 'slice', inputs: [x(4, 5)], attrs: { starts: [3, 0], steps: [-1, 3], sizes: [4, 2] } },
  { op: 'slice', inputs: [x(4, 5)], attrs: { starts: [0, 0], steps: [1, 1], sizes: [4, 5] } },
  { op: 'slice', inputs: [x(4, 5)], attrs: { starts: [2, 0], steps: [1, 1], sizes: [0, 5] } },
  { op: 'pad', inputs: [x(2, 3)], attrs: { pads: [1, 0, 0, 2], value: 3 } },
  { op: 'pad', inputs: [x(2, 3)], attrs: { pads: [0, 2, 1, 0], mode: 'reflect' } },
  { op: 'pad', inputs: [ints(2, 3)], attrs: { pads: [0, 2, 1, 0], mode: 'edge' } },
  { op: 'reshape', inputs: [x(2, 6)], attrs: { shape: [3, 1, 4] } },
  { op: 'reshape', inputs: [x(2, 0)], attrs: { shape: [0, 3] } },
  { op: 'trilu', inputs: [x(2, 3, 4)], attrs: { k: 1 } },
  { op: 'trilu', inputs: [ints(4, 3)], attrs: { upper: false } },
  { op: 'transpose', inputs: [x(2, 3, 4)], attrs: { perm: [2, 0, 1] } },
  { op: 'expand', inputs: [x(3, 1)], attrs: { shape: [2, 3, 4] } },
  { op: 'gather', inputs: [w(5, 2), given('int64', [2, 2], [0, 4, -1, 2])] },
  { op: 'gather', inputs: [x(2, 3, 4), given('int32', [2], [3, 0])], attrs: { axis: 2 } },
  resize([1, 2, 3, 4], [1, 4, 6, 4], { mode: 'nearest', coordinates: 'asymmetric', nearest: 'floor' }),
  resize([1, 2, 3, 4], [1, 3, 7, 4], { mode: 'linear' }),
  resize([1, 4, 3, 3], [1, 4, 5, 6], { mode: 'linear', coordinates: 'align_corners' }),
  resize([1, 2, 3, 2], [1, 2, 4, 6], { mode: 'linear', coordinates: 'pytorch_half_pixel' }),
  resize([2, 3, 4], [2, 5, 4], { mode: 'linear' }),
  resize([1, 4, 4, 2], [1, 6, 6, 2], { mode: 'linear', coordinates: 'half_pixel_symmetric' }),
  // Extents that follow from no rule: nearest aspect ratio, rounded up.
  {
    op: 'resize',
    inputs: [x(1, 3, 5, 2)],
    attrs: { shape: [1, 4, 7, 2], scales: [1, 1.3, 1.3, 1], mode: 'linear' },
  },
];

function resize(from: Shape, shape: Shape, attrs: Attrs): Case {
  const scales = shape.map((extent, axis) => extent / from[axis]!);
  return { op: 'resize', inputs: [{ shape: from }], attrs: { shape, scales, ...attrs } };
}

export function titleOf({ op, inputs, attrs }: Case): string {
  const shapes = inputs.map((input) => (input === null ? '_' : `[${input.shape.join(',')}]`));
  return `${op} ${shapes.join(' ')} ${JSON.stringify(attrs ?? {})}`;
}

/** The network: inputs x0, x1, …, constants w1, …, one node, outputs y0, …. */
export function graphOf({ op, inputs, attrs }: Case): Graph {
  const builder: GraphBuilder = graphBuilder(`just ${op}`);
  const ids = inputs.map((input, i) => {
    if (input === null) return null;
    const { shape, dtype = 'float32', range, values } = input;
    if (range === undefined && values === undefined) return builder.input(`x${i}`, { dtype, shape });
    const [low, high] = range ?? [0, 0];
    const count = elementCount(shape);
    const spread = Array.from({ length: count }, (_, k) => low + ((high - low) * ((k * 7 + i) % 11)) / 11);
    const tensor = fromNumbers({ dtype, shape }, values ?? spread);
    return builder.constant(`w${i}`, { dtype, shape }, { kind: 'inline', bytes: bytesOf(tensor) });
  });
  builder.node(op, ids, attrs ?? {}, 'it').forEach((id, i) => {
    builder.output(`y${i}`, id);
  });
  return builder.build();
}
