/** How our normalisations are written; softmax in both directions. */
import type { TypedConstant } from '../../ir/constant.ts';
import { elementCount } from '../../ir/types.ts';
import { type AttrsOf, opOf } from '../../ops/index.ts';
import { plainOrder } from '../export/axis-order.ts';
import { float, int, ints } from '../export/graph.ts';
import { defineOnnx, type Export, type Import, onImages } from './define.ts';
import { finish } from './functions.ts';

/**
 * Until opset 12 everything from `axis` (default 1) on is one dimension; since 13 `axis` (default −1) is that axis
 * alone. They agree where nothing larger than 1 follows the axis.
 */
const softmax =
  (op: 'softmax' | 'logSoftmax'): Import =>
  (node) => {
    const x = node.input(0);
    const shape = node.shape(x);
    const rank = shape.length;
    const axis = node.axis(node.int('axis', node.opset < 13 ? 1 : -1), rank);
    const rest = shape.slice(axis + 1);
    if (node.opset >= 13 || rest.every((dim) => dim === 1)) return [node.emit(op, [x], { axis })];
    const count = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);
    const flat = node.reshape(x, [count(shape.slice(0, axis)), count(shape.slice(axis))], 'flat');
    return [node.reshape(node.emit(op, [flat], { axis: 1 }), shape, 'shape')];
  };

/** ONNX has the channels second: a vector gets a batch of one first. */
const writeBatchNorm: Export<AttrsOf<'batchNorm'>> = (node) => {
  const parameters = [1, 2, 3, 4].map((i) => node.input(i));
  const attributes = { epsilon: float(node.attrs.epsilon) };
  const { shape } = node.type;
  if (shape.length > 1)
    return [finish(node, node.add('BatchNormalization', [node.input(0), ...parameters], attributes))];
  const type = { ...node.type, shape: [1, ...shape] };
  const row = node.reshape(node.input(0), type.shape, 'row');
  const y = node.add('BatchNormalization', [row, ...parameters], attributes, '', type);
  return [finish(node, node.reshape(y, shape, 'vector'))];
};

/** With known statistics it is one product and one sum per channel, wherever the channels are. */
const writeScaleAndShift: Export = (node) => {
  const constants = node.inputs.map((_, i) => node.constantOf(i));
  const found = opOf('batchNorm').traits.affine?.coefficients(constants, node.inputs, {
    ...node.attrs,
    act: 'none',
  });
  if (found == null) return node.broken('statistics are not constant');
  const rank = node.type.shape.length;
  const along = (vector: TypedConstant, part: string): string => {
    const attrs = { shape: [...vector.type.shape, ...new Array<number>(rank - 1 - found.axis).fill(1)] };
    const type = { ...vector.type, shape: attrs.shape };
    return node.weight({ type, constant: { kind: 'apply', op: 'reshape', attrs, args: [vector] } }, part);
  };
  const product = node.add('Mul', [node.input(0), along(found.scale, 'factor')], {}, 'scaled');
  return [finish(node, node.add('Add', [product, along(found.shift, 'offset')]))];
};

/** At least one spatial dimension is wanted. */
const writeInstanceNorm: Export<AttrsOf<'instanceNorm'>> = (node) => {
  const parameters = [node.input(1), node.input(2)];
  const attributes = { epsilon: float(node.attrs.epsilon) };
  const { shape } = node.type;
  if (shape.length > 2)
    return [finish(node, node.add('InstanceNormalization', [node.input(0), ...parameters], attributes))];
  const type = { ...node.type, shape: [...shape, 1] };
  const image = node.reshape(node.input(0), type.shape, 'image');
  const y = node.add('InstanceNormalization', [image, ...parameters], attributes, '', type);
  return [finish(node, node.reshape(y, shape, 'flat'))];
};

const writeLayerNorm: Export<AttrsOf<'layerNorm'>> = (node) => {
  node.need(17, 'LayerNormalization');
  const attributes = { axis: int(-1), epsilon: float(node.attrs.epsilon) };
  return [node.add('LayerNormalization', node.all(), attributes)];
};

/** x / √(mean(x²) + ε) · scale, of ops that every opset has. */
const writeRmsNorm: Export<AttrsOf<'rmsNorm'>> = (node) => {
  const { dtype, shape } = node.type;
  const column = { dtype, shape: shape.with(-1, 1) };
  const squares = node.add('Mul', [node.input(0), node.input(0)], {}, 'squares');
  const last = shape.length - 1;
  const mean =
    node.opset < 18
      ? node.add('ReduceMean', [squares], { axes: ints([last]) }, 'mean', column)
      : node.add('ReduceMean', [squares, node.indices([last], 'axes')], {}, 'mean', column);
  const epsilon = node.operand(dtype, [], [node.attrs.epsilon], 'epsilon');
  const shifted = node.add('Add', [mean, epsilon], {}, 'shifted', column);
  const deviation = node.add('Sqrt', [shifted], {}, 'deviation', column);
  const normal = node.add('Div', [node.input(0), deviation], {}, 'normal');
  return [node.add('Mul', [normal, node.input(1)])];
};

/** Images are what runtimes expect; anything else becomes rows of one pixel. */
const writeLrn: Export<AttrsOf<'lrn'>> = (node) => {
  const attributes = {
    size: int(node.attrs.size),
    alpha: float(node.attrs.alpha),
    beta: float(node.attrs.beta),
    bias: float(node.attrs.bias),
  };
  const { shape } = node.type;
  if (shape.length === 4) return [node.add('LRN', [node.input(0)], attributes)];
  const channels = shape.at(-1)!;
  const type = { ...node.type, shape: [elementCount(shape) / channels, channels, 1, 1] };
  const image = node.reshape(node.input(0), type.shape, 'image');
  return [node.reshape(node.add('LRN', [image], attributes, '', type), shape, 'flat')];
};

const writeSoftmax =
  (op: 'Softmax' | 'LogSoftmax'): Export<AttrsOf<'softmax' | 'logSoftmax'>> =>
  (node) => [node.add(op, [node.input(0)], { axis: int(node.attrs.axis) })];

export const normalization = defineOnnx({
  imports: {
    Softmax: softmax('softmax'),
    LogSoftmax: softmax('logSoftmax'),
  },
  exports: {
    batchNorm: {
      export: writeBatchNorm,
      anyOrder: { constants: [1, 2, 3, 4], export: writeScaleAndShift },
      axes: {
        inputs: [0],
        order({ axis }, { shape }) {
          const rank = shape.length;
          if (rank < 2) return null;
          const channels = Number(axis) < 0 ? Number(axis) + rank : Number(axis);
          const [first, ...rest] = plainOrder(rank).filter((one) => one !== channels);
          return [first!, channels, ...rest];
        },
      },
    },
    instanceNorm: onImages(writeInstanceNorm),
    layerNorm: writeLayerNorm,
    lrn: {
      export: writeLrn,
      axes: { inputs: [0], order: (_, { shape }) => (shape.length === 4 ? [0, 3, 1, 2] : null) },
    },
    rmsNorm: writeRmsNorm,
    softmax: writeSoftmax('Softmax'),
    logSoftmax: writeSoftmax('LogSoftmax'),
  },
});
