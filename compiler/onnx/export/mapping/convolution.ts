/** Convolutions; weights have ONNX's order already. */
import type { NodeExport } from '../context.ts';
import { type DraftAttributes, int, ints } from '../draft.ts';
import { type Emit, type Exporter, onImages } from './exporter.ts';

const windowOf = (node: NodeExport, pads: readonly number[]): DraftAttributes => ({
  kernel_shape: ints(node.typeOf(1).shape.slice(2)),
  strides: ints(node.numbers('strides')),
  dilations: ints(node.numbers('dilations')),
  pads: ints(pads),
  ...(node.number('groups') === 1 ? {} : { group: int(node.number('groups')) }),
});

const conv: Emit = (node) => {
  const attributes = windowOf(node, node.numbers('pads'));
  return [node.finish(node.add('Conv', [node.input(0), node.input(1), node.input(2)], attributes))];
};

/**
 * Padding below zero, and output padding of a stride or more, add rows that no tap reaches: other runtimes refuse them,
 * so they become zeros around the result, before the bias.
 */
const convTranspose: Emit = (node) => {
  const strides = node.numbers('strides');
  const rank = strides.length;
  const pads = [...node.numbers('pads')];
  const outputPadding = [...node.numbers('outputPadding')];
  const margin = new Array<number>(2 * rank).fill(0);
  for (let i = 0; i < rank; i++) {
    if (outputPadding[i]! >= strides[i]!) {
      pads[rank + i]! -= outputPadding[i]!;
      outputPadding[i] = 0;
    }
    for (const side of [i, rank + i]) {
      margin[side] = Math.max(0, -pads[side]!);
      pads[side] = Math.max(0, pads[side]!);
    }
  }
  const attributes: DraftAttributes = {
    ...windowOf(node, pads),
    ...(outputPadding.some((n) => n > 0) ? { output_padding: ints(outputPadding) } : {}),
  };
  const [x, w] = [node.input(0), node.input(1)];
  if (margin.every((n) => n === 0))
    return [node.finish(node.add('ConvTranspose', [x, w, node.input(2)], attributes))];
  const grown = node.type.shape.slice(2).map((extent, i) => extent - margin[i]! - margin[rank + i]!);
  const inner = { ...node.type, shape: [...node.type.shape.slice(0, 2), ...grown] };
  const y = node.add('ConvTranspose', [x, w], attributes, '', inner);
  const around = [0, 0, ...margin.slice(0, rank), 0, 0, ...margin.slice(rank)];
  const padded = node.add('Pad', [y, node.indices(around, 'margin.pads')], {}, 'margin');
  if (!node.has(2)) return [node.finish(padded)];
  const bias = node.reshape(
    node.input(2),
    [node.typeOf(2).shape[0]!, ...grown.map(() => 1)],
    'bias_channels',
  );
  return [node.finish(node.add('Add', [padded, bias], {}, 'biased'))];
};

export const convolution: Readonly<Record<string, Exporter>> = {
  conv: onImages(conv, [0, 3]),
  convTranspose: onImages(convTranspose, [0, 3]),
};
