/** Removes nodes that hand on an input unchanged: identity, dropout, a cast to the dtype it has. */
import type { ValueId } from '../ir/graph.ts';
import { rebuildGraph } from '../ir/rebuild.ts';
import { graphBuilder, opOf } from '../ops/index.ts';
import type { Pass } from './pass.ts';

export const eliminateForwards: Pass = {
  name: 'eliminate-forwards',
  why: 'a node that hands on its input is a copy nobody asked for, and hides patterns from other passes',
  run: (graph) =>
    rebuildGraph(graph, graphBuilder, (node, inputs, { builder }) => {
      const { identity, forwards } = opOf(node.op).traits;
      if (node.outputs.length !== 1) return null;
      const typeOf = (id: ValueId) => builder.typeOf(id);
      const input =
        identity === true
          ? 0
          : forwards?.(
              node.attrs,
              inputs.map((id) => (id === null ? null : typeOf(id))),
              node.outputs.map(typeOf),
            );
      const id = input == null ? null : inputs[input];
      return id == null ? null : [id];
    }),
};
