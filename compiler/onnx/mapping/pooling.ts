/** Pooling over windows and over everything, and normalisation across channels. */
import type { Attrs } from '../../ir/constant.ts';
import type { Mapping, NodeContext } from '../import/context.ts';
import { listOf, readWindow, requireSpatial } from './window.ts';

function pool(node: NodeContext, op: string, attrs: Attrs): ReturnType<Mapping> {
  node.onlyFirstOutput('output Indices');
  const x = node.input(0);
  const spatial = requireSpatial(node, node.shape(x).length);
  if (!node.has('kernel_shape')) node.invalid('attribute "kernel_shape" is missing');
  const kernel = listOf(node, 'kernel_shape', spatial, 1, 1);
  const { strides, dilations, pads } = readWindow(node, node.shape(x).slice(2), kernel);
  const ceilMode = node.int('ceil_mode', 0) !== 0;
  const all = { kernel, strides, dilations, pads, ceilMode, ...attrs };
  return [node.channelsFirst(node.emit(op, [node.channelsLast(x)], all))];
}

/** Over all spatial dimensions; the reduction needs no order of channels. */
const global =
  (op: string): Mapping =>
  (node) => {
    const x = node.input(0);
    const rank = node.shape(x).length;
    if (rank < 2) node.invalid('input', 'rank 2 or more', `rank ${rank}`);
    const axes = Array.from({ length: rank - 2 }, (_, i) => i + 2);
    return [node.emit(op, [x], { axes, keepDims: true })];
  };

const lrn: Mapping = (node) => {
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

export const pooling: Readonly<Record<string, Mapping>> = {
  MaxPool: (node) => pool(node, 'maxPool', {}),
  AveragePool: (node) =>
    pool(node, 'averagePool', { countIncludePad: node.int('count_include_pad', 0) !== 0 }),
  GlobalAveragePool: global('reduceMean'),
  GlobalMaxPool: global('reduceMax'),
  LRN: lrn,
};
