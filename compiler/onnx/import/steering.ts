/**
 * Operands that steer an op rather than feed it (shapes, axes, pads, scales): they must be known at build time. A model
 * that has one as a graph input can be compiled for one value of it, given as a constant.
 */
import type { OnnxModel } from '../read/schema.ts';

/** Positions of the steering operands, by op. */
const positions: Readonly<Record<string, readonly number[]>> = {
  ConstantOfShape: [0],
  Dropout: [2],
  Expand: [1],
  Pad: [1, 2, 3],
  Range: [0, 1, 2],
  ReduceMax: [1],
  ReduceMean: [1],
  ReduceMin: [1],
  ReduceProd: [1],
  ReduceSum: [1],
  Reshape: [1],
  Resize: [2, 3],
  Slice: [1, 2, 3, 4],
  Split: [1],
  Squeeze: [1],
  Unsqueeze: [1],
  Upsample: [1],
};

/** Names of the graph inputs that steer some node, themselves or through vectors computed from them. */
export function steeringInputs({ graph }: OnnxModel): string[] {
  const producers = new Map(
    graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)),
  );
  const direct = new Set<string>();
  const reached = new Set<string>();
  for (const { op, domain, inputs } of graph.nodes)
    if (domain === '') for (const position of positions[op] ?? []) direct.add(inputs[position] ?? '');
  // A set that grows while it is walked: all that the operands are computed from. Shapes are known without values.
  for (const name of direct) reached.add(name);
  for (const name of reached) {
    const producer = producers.get(name);
    if (producer === undefined || producer.op === 'Shape' || producer.op === 'Size') continue;
    for (const input of producer.inputs) reached.add(input);
  }
  return graph.inputs
    .filter(({ name }) => !graph.initializers.has(name))
    .filter(({ name, shape }) => direct.has(name) || (reached.has(name) && (shape?.length ?? 2) <= 1))
    .map(({ name }) => name);
}
