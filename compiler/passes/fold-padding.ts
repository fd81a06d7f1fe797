/**
 * Zeros put around an image become padding of the convolution that reads it: its kernel skips taps outside the image,
 * so nothing is copied. Exports from TensorFlow and explicit padding layers have such nodes before strided
 * convolutions.
 */
import type { Node, ValueId } from '../ir/graph.ts';
import { rebuildGraph } from '../ir/rebuild.ts';
import { graphBuilder, opOf } from '../ops/index.ts';
import type { Pass } from './pass.ts';

export const foldPadding: Pass = {
  name: 'fold-padding',
  why: 'a padded copy of an image is memory and a pass over it; a convolution pads for nothing',
  run(graph) {
    /** By what they make, the nodes that pad with zeros. */
    const padding = new Map<ValueId, { readonly node: Node; readonly pads: readonly number[] }>();
    return rebuildGraph(graph, graphBuilder, (node, inputs, { builder }) => {
      const { traits } = opOf(node.op);
      const pads = traits.zeros?.(node.attrs) ?? null;
      if (pads !== null) padding.set(node.outputs[0]!, { node: { ...node, inputs }, pads });
      const [x, ...others] = inputs;
      const found = x == null ? undefined : padding.get(x);
      const attrs = found && traits.padded?.(node.attrs, found.pads);
      if (!found || !attrs) return null;
      return builder.again(node, [found.node.inputs[0]!, ...others], attrs);
    });
  },
};
