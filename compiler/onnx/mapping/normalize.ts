/** Normalisations, as they are at inference. */
import type { ValueId } from '../../ir/graph.ts';
import type { Mapping, NodeContext } from '../import/context.ts';

const batchNormalization: Mapping = (node) => {
  if (node.int('training_mode', 0) !== 0) node.unsupported('training_mode');
  if (node.int('spatial', 1) === 0) node.unsupported('spatial = 0');
  node.onlyFirstOutput('outputs of training');
  const inputs = [node.channelsLast(node.input(0)), ...[1, 2, 3, 4].map((i) => node.input(i))];
  const attrs = { epsilon: node.float('epsilon', 1e-5), axis: -1 };
  return [node.channelsFirst(node.emit('batchNorm', inputs, attrs))];
};

const instanceNormalization: Mapping = (node) => {
  const x = node.input(0);
  if (node.shape(x).length < 3) node.invalid('input', 'rank 3 or more', `rank ${node.shape(x).length}`);
  const inputs = [node.channelsLast(x), node.input(1), node.input(2)];
  return [node.channelsFirst(node.emit('instanceNorm', inputs, { epsilon: node.float('epsilon', 1e-5) }))];
};

/** Over the last axis it is an op; over several, of the same elements as one axis. */
const layerNormalization: Mapping = (node) => {
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
function layerNormOfParts(node: NodeContext, axis: number): (ValueId | null)[] {
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

export const normalize: Readonly<Record<string, Mapping>> = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
};
