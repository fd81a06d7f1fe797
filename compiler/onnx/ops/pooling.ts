/** Pooling over windows and over everything. */

import type { AttrsOf } from '../../ops/index.ts';
import { type Attributes, int, ints } from '../export/graph.ts';
import type { ExportNode } from '../export/node.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Export, type Import, onImages } from './define.ts';
import { listOf, readWindow, requireSpatial } from './window.ts';

/** Attributes that both kinds have, and the input as both want it. */
function readPool(node: ImportNode) {
  node.onlyFirstOutput('output Indices');
  const x = node.input(0);
  const spatial = requireSpatial(node, node.shape(x).length);
  if (!node.has('kernel_shape')) node.invalid('attribute "kernel_shape" is missing');
  const kernel = listOf(node, 'kernel_shape', spatial, 1, 1);
  const { strides, dilations, pads } = readWindow(node, node.shape(x).slice(2), kernel);
  const ceilMode = node.int('ceil_mode', 0) !== 0;
  return { x: node.channelsLast(x), attrs: { kernel, strides, dilations, pads, ceilMode } };
}

const maxPool: Import = (node) => {
  const { x, attrs } = readPool(node);
  return [node.channelsFirst(node.emit('maxPool', [x], attrs))];
};

export const averagePool: Import = (node) => {
  const { x, attrs } = readPool(node);
  const countIncludePad = node.int('count_include_pad', 0) !== 0;
  return [node.channelsFirst(node.emit('averagePool', [x], { ...attrs, countIncludePad }))];
};

/** Over all spatial dimensions; the reduction needs no order of channels. */
const global =
  (op: 'reduceMean' | 'reduceMax'): Import =>
  (node) => {
    const x = node.input(0);
    const rank = node.shape(x).length;
    if (rank < 2) node.invalid('input', 'rank 2 or more', `rank ${rank}`);
    const axes = Array.from({ length: rank - 2 }, (_, i) => i + 2);
    return [node.emit(op, [x], { axes, keepDims: true })];
  };

const windowOf = (node: ExportNode<AttrsOf<'maxPool' | 'averagePool'>>): Attributes => ({
  kernel_shape: ints(node.attrs.kernel),
  strides: ints(node.attrs.strides),
  pads: ints(node.attrs.pads),
  ...(node.attrs.ceilMode ? { ceil_mode: int(1) } : {}),
  ...(isDilated(node) ? { dilations: ints(node.attrs.dilations) } : {}),
});

const isDilated = (node: ExportNode<AttrsOf<'maxPool' | 'averagePool'>>): boolean =>
  node.attrs.dilations.some((n) => n !== 1);

const writeMaxPool: Export<AttrsOf<'maxPool'>> = (node) => [
  node.add('MaxPool', [node.input(0)], windowOf(node)),
];

const writeAveragePool: Export<AttrsOf<'averagePool'>> = (node) => {
  if (isDilated(node)) node.need(19, 'average pooling with dilation');
  const padded = node.attrs.countIncludePad ? { count_include_pad: int(1) } : {};
  return [node.add('AveragePool', [node.input(0)], { ...windowOf(node), ...padded })];
};

export const pooling = defineOnnx({
  imports: {
    MaxPool: maxPool,
    AveragePool: averagePool,
    GlobalAveragePool: global('reduceMean'),
    GlobalMaxPool: global('reduceMax'),
  },
  exports: { maxPool: onImages(writeMaxPool), averagePool: onImages(writeAveragePool) },
});
