/** Normalisations of rows: what transformers have, in ONNX's ops and in those of com.microsoft. */
import type { ValueId } from '../../ir/graph.ts';
import { elementCount } from '../../ir/types.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import } from './define.ts';

interface RowNorm {
  readonly x: ValueId;
  /** Rows go from here to the last axis. */
  readonly axis: number;
  /** Broadcasts to a row. */
  readonly scale: ValueId;
  readonly bias: ValueId | null;
  readonly epsilon: number;
  /** By root mean square: no mean is taken off. */
  readonly rms: boolean;
}

/** Over the last axis it is an op; over several, of the same elements as one axis. */
function rowNorm(node: ImportNode, { x, axis, scale, bias, epsilon, rms }: RowNorm, part = ''): ValueId {
  const { dtype, shape } = node.type(x);
  const columns = elementCount(shape.slice(axis));
  const rows = node.reshape(x, [...shape.slice(0, axis), columns], 'rows');
  const vector = (id: ValueId, name: string): ValueId =>
    node.reshape(
      elementCount(node.shape(id)) === columns
        ? id
        : node.emit('expand', [id], { shape: shape.slice(axis) }, name),
      [columns],
      name,
    );
  const factor = vector(scale, 'scale');
  if (rms) {
    const y = node.emit('rmsNorm', [rows, factor], { epsilon }, bias === null ? part : 'normal');
    const shaped = node.reshape(y, shape, 'shape');
    return bias === null ? shaped : node.emit('add', [shaped, bias], {}, part);
  }
  const shift = bias === null ? node.splat({ dtype, shape: [columns] }, 0) : vector(bias, 'bias');
  const y = node.emit('layerNorm', [rows, factor, shift], { epsilon }, part);
  return node.reshape(y, shape, 'shape');
}

/** The mean of each row, and 1 / √(variance + ε); of a norm by root mean square the mean is not wanted. */
function statisticsOf(
  node: ImportNode,
  { x, axis, epsilon, rms }: RowNorm,
): { readonly mean: ValueId; readonly inverse: ValueId } {
  const wide = floatOf(node, x, 'float32', 'wide');
  const { dtype, shape } = node.type(wide);
  const axes = shape.map((_, i) => i).slice(axis);
  const mean = node.emit('reduceMean', [wide], { axes, keepDims: true }, 'mean');
  const centred = rms ? wide : node.emit('sub', [wide, mean], {}, 'centred');
  const squares = node.emit('mul', [centred, centred], {}, 'squares');
  const variance = node.emit('reduceMean', [squares], { axes, keepDims: true }, 'variance');
  const shifted = node.emit('add', [variance, node.scalar(dtype, epsilon, 'epsilon')], {}, 'shifted');
  const deviation = node.emit('sqrt', [shifted], {}, 'deviation');
  return { mean, inverse: node.emit('reciprocal', [deviation], {}, 'inverse') };
}

/** A value as floats of at least 32 bits. */
const floatOf = (node: ImportNode, id: ValueId, to: 'float32', part: string): ValueId =>
  ['float32', 'float64'].includes(node.type(id).dtype) ? id : node.emit('cast', [id], { to }, part);

const layerNormalization: Import = (node) => {
  const x = node.input(0);
  const axis = node.axis(node.int('axis', -1), node.shape(x).length);
  const epsilon = node.float('epsilon', 1e-5);
  const norm = { x, axis, scale: node.input(1), bias: node.optional(2), epsilon, rms: false };
  const y = rowNorm(node, norm);
  if (!node.wants(1) && !node.wants(2)) return [y];
  const { mean, inverse } = statisticsOf(node, norm);
  return [y, mean, inverse];
};

/** RMSNormalization of ONNX, and what exporters called it before. */
const rmsNormalization: Import = (node) => {
  const x = node.input(0);
  const axis = node.axis(node.int('axis', -1), node.shape(x).length);
  const epsilon = node.float('epsilon', 1e-5);
  const norm = { x, axis, scale: node.input(1), bias: null, epsilon, rms: true };
  const y = rowNorm(node, norm);
  return node.wants(1) ? [y, statisticsOf(node, norm).inverse] : [y];
};

/** The norm of x + skip + bias; that sum is the fourth output. Beta shifts the norm, where there is one. */
const skipNormalization =
  (rms: boolean): Import =>
  (node) => {
    const x = node.input(0);
    const bias = node.optional(rms ? 3 : 4);
    const skipped = node.emit('add', [x, node.input(1)], {}, bias === null ? 'sum' : 'skipped');
    const sum = bias === null ? skipped : node.emit('add', [skipped, bias], {}, 'sum');
    const norm = {
      x: sum,
      axis: node.shape(sum).length - 1,
      scale: node.input(2),
      bias: rms ? null : node.optional(3),
      epsilon: node.float('epsilon', 1e-12),
      rms,
    };
    const y = rowNorm(node, norm);
    if (!node.wants(1) && !node.wants(2)) return [y, null, null, sum];
    const { mean, inverse } = statisticsOf(node, norm);
    return [y, mean, inverse, sum];
  };

/** Sums of word, position and segment embeddings, normalised; the second output counts the words that a mask leaves. */
const embedLayerNormalization: Import = (node) => {
  const ids = node.input(0);
  const [batch, length] = node.shape(ids);
  if (batch === undefined || length === undefined) return node.invalid('input_ids', 'rank 2', 'less');
  const [segmentIds, segments] = [node.optional(1), node.optional(4)];
  const words = node.emit('gather', [node.input(2), ids], { axis: 0 }, 'words');
  const positions = node.optional(8);
  const table = node.input(3);
  const width = node.shape(table)[1]!;
  const at =
    positions === null
      ? node.emit('slice', [table], { starts: [0, 0], sizes: [length, width], steps: [1, 1] }, 'positions')
      : node.emit('gather', [table, positions], { axis: 0 }, 'positions');
  let sum = node.emit('add', [words, at], {}, 'placed');
  if (segmentIds !== null && segments !== null) {
    const segment = node.emit('gather', [segments, segmentIds], { axis: 0 }, 'segments');
    sum = node.emit('add', [sum, segment], {}, 'sum');
  }
  const epsilon = node.float('epsilon', 1e-12);
  const y = rowNorm(node, {
    x: sum,
    axis: 2,
    scale: node.input(5),
    bias: node.input(6),
    epsilon,
    rms: false,
  });
  if (!node.wants(1)) return [y, null, sum];
  const mask = node.optional(7);
  const counts =
    mask === null
      ? node.splat({ dtype: 'int32', shape: [batch] }, 0)
      : node.emit('reduceSum', [mask], { axes: [1], keepDims: false }, 'mask_index');
  return [y, counts, sum];
};

export const rowNorms = defineOnnx({
  imports: {
    LayerNormalization: layerNormalization,
    RMSNormalization: rmsNormalization,
    // onnxruntime registered this one in the default domain, and exporters write it there.
    SimplifiedLayerNormalization: rmsNormalization,
    'com.microsoft:SimplifiedLayerNormalization': rmsNormalization,
    'com.microsoft:SkipLayerNormalization': skipNormalization(false),
    'com.microsoft:SkipSimplifiedLayerNormalization': skipNormalization(true),
    'com.microsoft:EmbedLayerNormalization': embedLayerNormalization,
  },
  exports: {},
});
