/** Conv and ConvTranspose; weights keep ONNX's order, which is ours. */
import type { ValueId } from '../../ir/graph.ts';
import type { Mapping, NodeContext } from '../import/context.ts';
import { dilated, listOf, readWindow, requireSpatial } from './window.ts';

/** Extents of the kernel: those of the weights, which `kernel_shape`, if given, must repeat. */
function kernelOf(node: NodeContext, w: ValueId, rank: number): number[] {
  const shape = node.shape(w);
  if (shape.length !== rank) node.invalid('weights', `rank ${rank}`, `rank ${shape.length}`);
  const kernel = shape.slice(2);
  const given = node.ints('kernel_shape');
  if (given !== null && String(given) !== String(kernel))
    node.invalid('kernel_shape differs from the weights', `[${kernel}]`, `[${given}]`);
  return kernel;
}

const conv: Mapping = (node) => {
  const x = node.input(0);
  const w = node.input(1);
  const rank = node.shape(x).length;
  requireSpatial(node, rank);
  node.requireFloat(x);
  const window = readWindow(node, node.shape(x).slice(2), kernelOf(node, w, rank));
  const { strides, dilations, pads } = window;
  const groups = node.int('group', 1);
  const inputs = [node.channelsLast(x), w, node.optional(2)];
  return [node.channelsFirst(node.emit('conv', inputs, { strides, dilations, pads, groups }))];
};

/**
 * Either pads are given, or an output shape (or SAME: input · stride), of which follows
 * total = stride·(in − 1) + outputPadding + dilatedKernel − out, split between the ends.
 */
const convTranspose: Mapping = (node) => {
  const x = node.input(0);
  const w = node.input(1);
  const rank = node.shape(x).length;
  const spatial = requireSpatial(node, rank);
  node.requireFloat(x);
  const extents = node.shape(x).slice(2);
  const kernel = kernelOf(node, w, rank);
  const strides = listOf(node, 'strides', spatial, 1, 1);
  const dilations = listOf(node, 'dilations', spatial, 1, 1);
  const outputPadding = listOf(node, 'output_padding', spatial, 0, 0);
  const groups = node.int('group', 1);
  const rule = node.string('auto_pad', 'NOTSET');
  const same = rule === 'SAME_UPPER' || rule === 'SAME_LOWER';
  // Old models give the output shape with batch and channels.
  const wanted =
    node.ints('output_shape')?.slice(-spatial) ??
    (same ? extents.map((extent, i) => extent * strides[i]!) : null);
  let pads =
    rule === 'VALID' ? new Array<number>(2 * spatial).fill(0) : listOf(node, 'pads', 2 * spatial, 0, 0);
  if (wanted !== null) {
    pads = new Array<number>(2 * spatial).fill(0);
    for (let i = 0; i < spatial; i++) {
      const full = strides[i]! * (extents[i]! - 1) + outputPadding[i]! + dilated(kernel[i]!, dilations[i]!);
      const total = full - wanted[i]!;
      if (total < 0) outputPadding[i]! -= total;
      else {
        const small = Math.floor(total / 2);
        pads[i] = rule === 'SAME_UPPER' ? small : total - small;
        pads[spatial + i] = total - pads[i]!;
      }
    }
  }
  const inputs = [node.channelsLast(x), w, node.optional(2)];
  return [
    node.channelsFirst(
      node.emit('convTranspose', inputs, { strides, dilations, pads, outputPadding, groups }),
    ),
  ];
};

export const convolution: Readonly<Record<string, Mapping>> = { Conv: conv, ConvTranspose: convTranspose };
