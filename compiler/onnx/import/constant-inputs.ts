/**
 * Graph inputs that some op needs as constants: shapes, axes, pads, scales. A model that has one can be compiled for one
 * value of it, given as `ImportOptions.constants`.
 */
import { entryOf } from '../ops/index.ts';
import type { OnnxModel } from '../read/schema.ts';
import { positionIn } from './node.ts';

/** Names of the graph inputs that are constant operands of some node, themselves or through vectors computed from them. */
export function constantInputs({ graph, opsets }: OnnxModel): string[] {
  const producers = new Map(
    graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)),
  );
  const direct = new Set<string>();
  for (const { op, domain, inputs } of graph.nodes)
    for (const position of Object.values(entryOf(domain, op)?.constants ?? {}))
      direct.add(inputs[positionIn(position, opsets.get(domain) ?? 0)] ?? '');
  // A set that grows while it is walked: all that the operands are computed from. Shapes are known without values.
  const reached = new Set(direct);
  for (const name of reached) {
    const producer = producers.get(name);
    if (producer === undefined || entryOf(producer.domain, producer.op)?.shapeOnly) continue;
    for (const input of producer.inputs) reached.add(input);
  }
  return graph.inputs
    .filter(({ name }) => !graph.initializers.has(name))
    .filter(({ name, shape }) => direct.has(name) || (reached.has(name) && (shape?.length ?? 2) <= 1))
    .map(({ name }) => name);
}
