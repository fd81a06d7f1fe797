/** Normalisations, as they are at inference, and softmax. */
import type { TypedConstant } from '../../ir/constant.ts';
import type { ValueId } from '../../ir/graph.ts';
import { elementCount } from '../../ir/types.ts';
import { type AttrsOf, opOf } from '../../ops/index.ts';
import { plainOrder } from '../export/axis-order.ts';
import { float, int, ints } from '../export/graph.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Export, type Import, onImages } from './define.ts';
import { finish } from './functions.ts';

const batchNormalization: Import = (node) => {
  if (node.int('training_mode', 0) !== 0) node.unsupported('training_mode');
  node.onlyFirstOutput('outputs of training');
  if (node.opset < 9 && node.int('spatial', 1) === 0) return normalizeElements(node);
  const inputs = [node.channelsLast(node.input(0)), ...[1, 2, 3, 4].map((i) => node.input(i))];
  const attrs = { epsilon: node.float('epsilon', 1e-5), axis: -1 };
  return [node.channelsFirst(node.emit('batchNorm', inputs, attrs))];
};

/** Until opset 8 statistics may be of each element instead of each channel: all of them are channels then. */
function normalizeElements(node: ImportNode): ReturnType<Import> {
  const x = node.input(0);
  const shape = node.shape(x);
  const count = elementCount(shape.slice(1));
  const rows = node.reshape(x, [shape[0] ?? 1, count], 'rows');
  const statistics = [1, 2, 3, 4].map((i) => node.reshape(node.input(i), [count], `statistics_${i}`));
  const attrs = { epsilon: node.float('epsilon', 1e-5), axis: -1 };
  return [node.reshape(node.emit('batchNorm', [rows, ...statistics], attrs), shape, 'shape')];
}

const instanceNormalization: Import = (node) => {
  const x = node.input(0);
  if (node.shape(x).length < 3) node.invalid('input', 'rank 3 or more', `rank ${node.shape(x).length}`);
  const inputs = [node.channelsLast(x), node.input(1), node.input(2)];
  return [node.channelsFirst(node.emit('instanceNorm', inputs, { epsilon: node.float('epsilon', 1e-5) }))];
};

/** Over the last axis it is an op; over several, of the same elements as one axis. */
const layerNormalization: Import = (node) => {
  const x = node.input(0);
  const { dtype, shape } = node.type(x);
  if (dtype !== 'float32') node.unsupported(`input of ${dtype} (only float32)`);
  const axis = node.axis(node.int('axis', -1), shape.length);
  if (node.wants(1) || node.wants(2)) return layerNormOfParts(node, axis);
  const columns = shape.slice(axis).reduce((product, extent) => product * extent, 1);
  const rows = node.reshape(x, [...shape.slice(0, axis), columns], 'rows');
  const vector = (id: ValueId, part: string): ValueId =>
    node.reshape(
      node.shape(id).length === shape.length - axis
        ? id
        : node.emit('expand', [id], { shape: shape.slice(axis) }, part),
      [columns],
      part,
    );
  const bias = node.optional(2);
  const zeros = (): ValueId => node.splat({ dtype, shape: [columns] }, 0);
  const inputs = [rows, vector(node.input(1), 'scale'), bias === null ? zeros() : vector(bias, 'bias')];
  const y = node.emit('layerNorm', inputs, { epsilon: node.float('epsilon', 1e-5) });
  return [node.reshape(y, shape, 'shape')];
};

/** (x − mean) / √(variance + ε) · scale + bias, where the mean or the deviation is wanted too. */
function layerNormOfParts(node: ImportNode, axis: number): (ValueId | null)[] {
  const x = node.input(0);
  const { dtype, shape } = node.type(x);
  const axes = Array.from({ length: shape.length - axis }, (_, i) => axis + i);
  const mean = node.emit('reduceMean', [x], { axes, keepDims: true }, 'mean');
  const centred = node.emit('sub', [x, mean], {}, 'centred');
  const squares = node.emit('mul', [centred, centred], {}, 'squares');
  const variance = node.emit('reduceMean', [squares], { axes, keepDims: true }, 'variance');
  const epsilon = node.scalar(dtype, node.float('epsilon', 1e-5), 'epsilon');
  const deviation = node.emit(
    'sqrt',
    [node.emit('add', [variance, epsilon], {}, 'epsilon')],
    {},
    'deviation',
  );
  const normal = node.emit('div', [centred, deviation], {}, 'normal');
  const scaled = node.emit('mul', [normal, node.input(1)], {}, node.optional(2) === null ? '' : 'scaled');
  const bias = node.optional(2);
  const inverse = node.wants(2) ? node.emit('reciprocal', [deviation], {}, 'inverse') : null;
  return [bias === null ? scaled : node.emit('add', [scaled, bias]), mean, inverse];
}

const lrn: Import = (node) => {
  const size = node.int('size', 0);
  if (size < 1) node.invalid('attribute "size"', 'at least 1', `${size}`);
  const attrs = {
    size,
    alpha: node.float('alpha', 1e-4),
    beta: node.float('beta', 0.75),
    bias: node.float('bias', 1),
  };
  return [node.channelsFirst(node.emit('lrn', [node.channelsLast(node.input(0))], attrs))];
};

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
    BatchNormalization: batchNormalization,
    InstanceNormalization: instanceNormalization,
    LayerNormalization: layerNormalization,
    LRN: lrn,
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
