/** Ops that others express become those: from here on nothing need know them, and no kernel has to. */
import type { GraphBuilder } from '../ir/builder.ts';
import type { Attrs } from '../ir/constant.ts';
import type { ValueId } from '../ir/graph.ts';
import { rebuildGraph } from '../ir/rebuild.ts';
import type { OpDefinition, Part } from '../ops/define/op.ts';
import { graphBuilder, type OpRebuild, opOf } from '../ops/index.ts';
import type { Pass } from './pass.ts';

export const decompose: Pass = {
  name: 'decompose',
  why: 'an op that others express runs as those, and other passes see what it is made of',
  run(graph) {
    if (!graph.nodes.some((node) => opOf(node.op).decompose !== undefined)) return graph;
    return rebuildGraph(graph, graphBuilder, (node, inputs, rebuild) =>
      expand(rebuild, opOf(node.op), node.attrs, inputs, node.name),
    );
  },
};

/** The outputs as nodes of other ops make them, or null where the op is not made of others. */
function expand(
  rebuild: OpRebuild,
  op: OpDefinition,
  attrs: Attrs,
  inputs: readonly (ValueId | null)[],
  name: string,
): ValueId[] | null {
  const builder: GraphBuilder = rebuild.builder;
  const composition = op.decompose?.(
    inputs.map((id) => (id === null ? null : builder.typeOf(id))),
    attrs,
  );
  if (composition === undefined) return null;
  const ids = new Map<Part, ValueId>();
  for (const [i, part] of composition.inputs.entries()) if (part !== null) ids.set(part, inputs[i]!);
  for (const [part, value] of composition.splats)
    ids.set(part, builder.constant(`${name}.${value}`, part.type, { kind: 'splat', value }));
  for (const node of composition.nodes) {
    // The node that makes the result keeps the name that the layer is known by.
    const at = node.outputs.includes(composition.outputs[0]!)
      ? name
      : rebuild.fresh(`${name}.${node.op.name}`);
    const given = node.inputs.map((part) => part && ids.get(part)!);
    const made =
      expand(rebuild, node.op, node.attrs, given, at) ?? builder.node(node.op.name, given, node.attrs, at);
    for (const [i, part] of node.outputs.entries()) ids.set(part, made[i]!);
  }
  return composition.outputs.map((part) => ids.get(part)!);
}
