/**
 * Views of views and views that change nothing. A view has no cost of its own, but between two nodes it keeps them
 * from being fused, and each is one more value to plan.
 */
import type { ValueId } from '../ir/graph.ts';
import { rebuildGraph } from '../ir/rebuild.ts';
import { sameType } from '../ir/types.ts';
import { graphBuilder, opOf } from '../ops/index.ts';
import type { Pass } from './pass.ts';

export const eliminateReshape: Pass = {
  name: 'eliminate-reshape',
  why: 'a chain of views is one view, and a view of the same shape is none',
  run(graph) {
    /** What each view is a view of, through all others. */
    const sources = new Map<ValueId, ValueId>();
    return rebuildGraph(graph, graphBuilder, (node, inputs, { builder }) => {
      const [output, ...others] = node.outputs;
      const [input] = inputs;
      if (opOf(node.op).traits.view !== true || others.length > 0 || input == null) return null;
      const source = sources.get(input) ?? input;
      const type = builder.typeOf(output!);
      if (sameType(builder.typeOf(source), type)) return [source];
      if (source === input) {
        sources.set(output!, source);
        return null;
      }
      const made = builder.node('reshape', [source], { shape: type.shape }, node.name);
      sources.set(made[0]!, source);
      return made;
    });
  },
};
