/**
 * Removes nodes that hand on an input unchanged: identity, dropout, a cast to the dtype it has. One stays: that
 * between a graph output and a graph input or constant, because something must write the output's memory.
 */
import type { Graph, Node, ValueId } from '../ir/graph.ts';
import { rebuildGraph } from '../ir/rebuild.ts';
import { opOf, signatures } from '../ops/index.ts';
import type { Pass } from './pass.ts';

export const eliminateForwards: Pass = {
  name: 'eliminate-forwards',
  why: 'a node that hands on its input is a copy nobody asked for, and hides patterns from other passes',
  run(graph) {
    const shown = new Set(graph.outputs.map((output) => output.value));
    const made = new Set<ValueId>();
    return rebuildGraph(graph, signatures, (node, inputs) => {
      const input = forwardedInput(graph, node);
      const id = input === null ? null : inputs[input];
      const written = node.outputs.some((output) => shown.has(output));
      if (id != null && (!written || made.has(id))) return [id];
      for (const output of node.outputs) made.add(output);
      return null;
    });
  },
};

/** Index of the input that the node hands on, or null. */
function forwardedInput(graph: Graph, node: Node): number | null {
  const { forwards } = opOf(node.op).traits;
  if (forwards === undefined || node.outputs.length !== 1) return null;
  if (typeof forwards === 'number') return forwards;
  const typeOf = (id: ValueId) => graph.values.get(id)!.type;
  return forwards(
    node.attrs,
    node.inputs.map((id) => (id === null ? null : typeOf(id))),
    node.outputs.map(typeOf),
  );
}
