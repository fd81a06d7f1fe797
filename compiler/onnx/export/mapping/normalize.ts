/** Normalisations by stored statistics, over space, and across channels. */
import type { TypedConstant } from '../../../ir/constant.ts';
import { elementCount } from '../../../ir/types.ts';
import { opOf } from '../../../ops/index.ts';
import { float, int, ints } from '../draft.ts';
import { plainOrder } from '../orders.ts';
import { type Emit, type Exporter, onImages, plainly } from './exporter.ts';

/** ONNX has the channels second: a vector gets a batch of one first. */
const batchNorm: Emit = (node) => {
  const parameters = [1, 2, 3, 4].map((i) => node.input(i));
  const attributes = { epsilon: float(node.number('epsilon')) };
  const { shape } = node.type;
  if (shape.length > 1)
    return [node.finish(node.add('BatchNormalization', [node.input(0), ...parameters], attributes))];
  const type = { ...node.type, shape: [1, ...shape] };
  const row = node.reshape(node.input(0), type.shape, 'row');
  const y = node.add('BatchNormalization', [row, ...parameters], attributes, '', type);
  return [node.finish(node.reshape(y, shape, 'vector'))];
};

/** With known statistics it is one product and one sum per channel, wherever the channels are. */
const affine: Emit = (node) => {
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
  return [node.finish(node.add('Add', [product, along(found.shift, 'offset')]))];
};

/** At least one spatial dimension is wanted. */
const instanceNorm: Emit = (node) => {
  const parameters = [node.input(1), node.input(2)];
  const attributes = { epsilon: float(node.number('epsilon')) };
  const { shape } = node.type;
  if (shape.length > 2)
    return [node.finish(node.add('InstanceNormalization', [node.input(0), ...parameters], attributes))];
  const type = { ...node.type, shape: [...shape, 1] };
  const image = node.reshape(node.input(0), type.shape, 'image');
  const y = node.add('InstanceNormalization', [image, ...parameters], attributes, '', type);
  return [node.finish(node.reshape(y, shape, 'flat'))];
};

const layerNorm: Emit = (node) => {
  node.need(17, 'LayerNormalization');
  const attributes = { axis: int(-1), epsilon: float(node.number('epsilon')) };
  return [node.add('LayerNormalization', node.all(), attributes)];
};

/** x / √(mean(x²) + ε) · scale, of ops that every opset has. */
const rmsNorm: Emit = (node) => {
  const { dtype, shape } = node.type;
  const column = { dtype, shape: shape.with(-1, 1) };
  const squares = node.add('Mul', [node.input(0), node.input(0)], {}, 'squares');
  const last = shape.length - 1;
  const mean =
    node.opset < 18
      ? node.add('ReduceMean', [squares], { axes: ints([last]) }, 'mean', column)
      : node.add('ReduceMean', [squares, node.indices([last], 'axes')], {}, 'mean', column);
  const epsilon = node.operand(dtype, [], [node.number('epsilon')], 'epsilon');
  const shifted = node.add('Add', [mean, epsilon], {}, 'shifted', column);
  const deviation = node.add('Sqrt', [shifted], {}, 'deviation', column);
  const normal = node.add('Div', [node.input(0), deviation], {}, 'normal');
  return [node.add('Mul', [normal, node.input(1)])];
};

/** Images are what runtimes expect; anything else becomes rows of one pixel. */
const lrn: Emit = (node) => {
  const attributes = {
    size: int(node.number('size')),
    alpha: float(node.number('alpha')),
    beta: float(node.number('beta')),
    bias: float(node.number('bias')),
  };
  const { shape } = node.type;
  if (shape.length === 4) return [node.add('LRN', [node.input(0)], attributes)];
  const channels = shape.at(-1)!;
  const type = { ...node.type, shape: [elementCount(shape) / channels, channels, 1, 1] };
  const image = node.reshape(node.input(0), type.shape, 'image');
  return [node.reshape(node.add('LRN', [image], attributes, '', type), shape, 'flat')];
};

export const normalize: Readonly<Record<string, Exporter>> = {
  batchNorm: {
    emit: batchNorm,
    elsewhere: { needs: [1, 2, 3, 4], emit: affine },
    images: {
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
  instanceNorm: onImages(instanceNorm),
  layerNorm: plainly(layerNorm),
  lrn: {
    ...plainly(lrn),
    images: { inputs: [0], order: (_, { shape }) => (shape.length === 4 ? [0, 3, 1, 2] : null) },
  },
  rmsNorm: plainly(rmsNorm),
};
