/**
 * Views of views and views that change nothing. A view has no cost of its own, but between two nodes it keeps them
 * from being fused, and each is one more value to plan.
 */
import type { Node, ValueId } from '../ir/graph.ts';
import { rebuildGraph } from '../ir/rebuild.ts';
import { sameType } from '../ir/types.ts';
import { opOf, signatures } from '../ops/index.ts';
import type { Pass } from './pass.ts';

export const eliminateReshape: Pass = {
  name: 'eliminate-reshape',
  why: 'a chain of views is one view, and a view of the same shape is none',
  run(graph) {
    const shown = new Set(graph.outputs.map((output) => output.value));
    /** What each view is a view of, through all others. */
    const sources = new Map<ValueId, ValueId>();
    const made = new Set<ValueId>();
    return rebuildGraph(graph, signatures, (node, inputs, { builder }) => {
      if (!isView(node)) {
        for (const id of node.outputs) made.add(id);
        return null;
      }
      const source = sources.get(inputs[0]!) ?? inputs[0]!;
      const [output] = node.outputs;
      const type = builder.typeOf(output!);
      // As in eliminate-forwards, a graph output must not be a graph input or a constant itself.
      if (sameType(builder.typeOf(source), type) && (made.has(source) || !shown.has(output!)))
        return [source];
      const id =
        source === inputs[0]
          ? output!
          : builder.node('reshape', [source], { shape: type.shape }, node.name)[0]!;
      sources.set(id, source);
      made.add(id);
      return id === output ? null : [id];
    });
  },
};

const isView = (node: Node): boolean => opOf(node.op).traits.view === true && node.outputs.length === 1;
