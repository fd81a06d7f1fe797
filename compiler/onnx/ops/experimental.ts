/** Ops of the first version of ONNX that were never settled, and that old exporters wrote all the same. */
import type { ValueId } from '../../ir/graph.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import } from './define.ts';

/** α·x */
const times = (node: ImportNode, x: ValueId, factor: number, part: string): ValueId =>
  factor === 1
    ? x
    : node.emit('mul', [x, node.scalar(node.type(x).dtype, factor, `${part}.factor`)], {}, part);

const affine: Import = (node) => {
  const scaled = times(node, node.input(0), node.float('alpha', 1), 'scaled');
  const shift = node.scalar(node.type(scaled).dtype, node.float('beta', 0), 'shift');
  return [node.emit('add', [scaled, shift])];
};

/** Images [N, C, H, W] times a number, and a number added to each channel. */
const imageScaler: Import = (node) => {
  const scaled = times(node, node.input(0), node.float('scale', 1), 'scaled');
  const { dtype, shape } = node.type(scaled);
  const bias = node.floats('bias') ?? [];
  if (bias.length === 0) return [scaled];
  if (shape.length !== 4 || bias.length !== shape[1])
    node.invalid('attribute "bias"', `a number for each channel of [${shape}]`, `${bias.length}`);
  const constant = node.constant({ dtype, shape: [bias.length, 1, 1] }, bias, 'bias');
  return [node.emit('add', [scaled, constant])];
};

/** The pixels inside a border [left, top, right, bottom], or a piece of a given height and width behind it. */
const crop: Import = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  const border = node.ints('border') ?? [];
  if (shape.length !== 4 || border.length !== 4)
    node.invalid('attribute "border"', 'left, top, right, bottom of an image', `[${border}]`);
  const [left, top, right, bottom] = border as [number, number, number, number];
  const size = node.ints('scale') ?? [shape[2]! - top - bottom, shape[3]! - left - right];
  const sizes = [shape[0]!, shape[1]!, ...size];
  const starts = [0, 0, top, left];
  if (sizes.length !== 4 || sizes.some((n, i) => n < 0 || starts[i]! < 0 || starts[i]! + n > shape[i]!))
    node.invalid('the piece', `one inside [${shape}]`, `[${sizes}] from [${starts}]`);
  return [node.emit('slice', [x], { starts, steps: [1, 1, 1, 1], sizes })];
};

/** α · f(β·x) */
const scaledFunction =
  (op: 'tanh' | 'softplus'): Import =>
  (node) => {
    const inner = times(node, node.input(0), node.float('beta', 1), 'inner');
    return [times(node, node.emit(op, [inner], {}, 'function'), node.float('alpha', 1), 'outer')];
  };

export const experimental = defineOnnx({
  imports: {
    Affine: affine,
    ImageScaler: imageScaler,
    Crop: crop,
    ScaledTanh: scaledFunction('tanh'),
    ParametricSoftplus: scaledFunction('softplus'),
  },
  exports: {},
});
