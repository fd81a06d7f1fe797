/**
 * A graph made from another in one walk in execution order, in which a node may be replaced by what stands for its
 * outputs: for rewrites that need to see only what comes before a node. `Rewrite` is for the others.
 */
import type { GraphBuilder, OpAttrs } from './builder.ts';
import type { Graph, GraphOutput, Node, ValueId } from './graph.ts';
import { sameType } from './types.ts';

/** Node names that no node of the graph has; each is given once. */
export function freshNames(graph: Graph): (wanted: string) => string {
  const taken = new Set(graph.nodes.map((node) => node.name));
  return (wanted) => {
    let name = wanted;
    for (let n = 1; taken.has(name); n++) name = `${wanted}_${n}`;
    taken.add(name);
    return name;
  };
}

export interface Rebuild<Ops extends OpAttrs = OpAttrs> {
  readonly builder: GraphBuilder<Ops>;
  /** A name for an additional node. */
  fresh(wanted: string): string;
}

/** Values that stand for the node's outputs, or null to keep the node; inputs are values of the new graph. */
export type Visit<Ops extends OpAttrs> = (
  node: Node,
  inputs: readonly (ValueId | null)[],
  rebuild: Rebuild<Ops>,
) => readonly ValueId[] | null;

/** Walks the nodes in order, with a builder that continues the graph. `begin` may map graph inputs and constants to
 * other values first. */
export function rebuildGraph<Ops extends OpAttrs>(
  graph: Graph,
  continued: (name: string, from: Graph) => GraphBuilder<Ops>,
  visit: Visit<Ops>,
  hooks: {
    begin?(rebuild: Rebuild<Ops>): ReadonlyMap<ValueId, ValueId>;
    /** Last word on what an output refers to, given the value that stands for it. */
    output?(output: GraphOutput, value: ValueId, rebuild: Rebuild<Ops>): ValueId;
  } = {},
): Graph {
  const builder = continued(graph.name, graph);
  const rebuild: Rebuild<Ops> = { builder, fresh: freshNames(graph) };
  const standsFor = new Map<ValueId, ValueId>(hooks.begin?.(rebuild));
  const now = (id: ValueId): ValueId => standsFor.get(id) ?? id;
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((id) => (id === null ? null : now(id)));
    const replacement = visit(node, inputs, rebuild);
    if (replacement === null && sameTypes(builder, node.inputs, inputs)) {
      builder.keep({ ...node, inputs });
      continue;
    }
    const outputs = replacement ?? builder.again(node, inputs);
    for (const [i, id] of node.outputs.entries()) standsFor.set(id, outputs[i]!);
  }
  for (const output of graph.outputs) {
    const value = now(output.value);
    builder.output(output.name, hooks.output?.(output, value, rebuild) ?? value);
  }
  return removeDead(builder.build());
}

const sameTypes = <Ops extends OpAttrs>(
  builder: GraphBuilder<Ops>,
  a: Node['inputs'],
  b: Node['inputs'],
): boolean => a.every((id, i) => id === b[i] || sameType(builder.typeOf(id!), builder.typeOf(b[i]!)));

/** The graph without the nodes that no output depends on, and without the constants only they read. */
export function removeDead(graph: Graph): Graph {
  const live = new Set(graph.outputs.map((output) => output.value));
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((id) => live.has(id))) continue;
    nodes.push(node);
    for (const id of node.inputs) if (id !== null) live.add(id);
  }
  for (const node of nodes) for (const id of node.outputs) live.add(id);
  for (const id of graph.inputs) live.add(id);
  const values = new Map([...graph.values].filter(([id]) => live.has(id)));
  return { ...graph, values, nodes: nodes.reverse() };
}
