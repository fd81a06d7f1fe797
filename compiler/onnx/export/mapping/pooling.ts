/** Windows of maxima and means. */
import type { NodeExport } from '../context.ts';
import { type DraftAttributes, int, ints } from '../draft.ts';
import { type Emit, type Exporter, onImages } from './exporter.ts';

const windowOf = (node: NodeExport): DraftAttributes => ({
  kernel_shape: ints(node.numbers('kernel')),
  strides: ints(node.numbers('strides')),
  pads: ints(node.numbers('pads')),
  ...(node.flag('ceilMode') ? { ceil_mode: int(1) } : {}),
  ...(isDilated(node) ? { dilations: ints(node.numbers('dilations')) } : {}),
});

const isDilated = (node: NodeExport): boolean => node.numbers('dilations').some((n) => n !== 1);

const maxPool: Emit = (node) => [node.add('MaxPool', [node.input(0)], windowOf(node))];

const averagePool: Emit = (node) => {
  if (isDilated(node)) node.need(19, 'average pooling with dilation');
  const padded = node.flag('countIncludePad') ? { count_include_pad: int(1) } : {};
  return [node.add('AveragePool', [node.input(0)], { ...windowOf(node), ...padded })];
};

export const pooling: Readonly<Record<string, Exporter>> = {
  maxPool: onImages(maxPool),
  averagePool: onImages(averagePool),
};
