/**
 * Graph inputs that some op needs as constants: shapes, axes, pads, scales. A model that has one can be compiled for one
 * value of it, given as `ImportOptions.constants`.
 */
import { entryOf } from '../ops/index.ts';
import { functionKey, type OnnxFunction, type OnnxModel, type OnnxNode } from '../read/schema.ts';
import { bodiesOf } from './execution-order.ts';
import { positionIn } from './node.ts';

/** Names of the graph inputs that are constant operands of some node, themselves or through vectors computed from them. */
export function constantInputs({ graph, opsets, functions }: OnnxModel): string[] {
  const search = new Search(functions);
  const { direct, reached } = search.among(graph.nodes, opsets.get('') ?? 0);
  return graph.inputs
    .filter(({ name }) => !graph.initializers.has(name))
    .filter(({ name, shape }) => direct.has(name) || (reached.has(name) && (shape?.length ?? 2) <= 1))
    .map(({ name }) => name);
}

interface Names {
  /** Constant operands themselves. */
  readonly direct: ReadonlySet<string>;
  /** All that they are computed from too. */
  readonly reached: ReadonlySet<string>;
}

class Search {
  readonly #functions: ReadonlyMap<string, OnnxFunction>;
  /** By function: positions of its constant parameters. Empty while it is looked at: a function that calls itself. */
  readonly #parameters = new Map<OnnxFunction, number[]>();

  constructor(functions: readonly OnnxFunction[]) {
    this.#functions = new Map(
      functions.map((one) => [functionKey(one.domain, one.name, one.overload), one] as const),
    );
  }

  among(nodes: readonly OnnxNode[], opset: number): Names {
    const all = withBodies(nodes);
    const producers = new Map(all.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
    const direct = new Set<string>();
    for (const node of all)
      for (const position of this.#constants(node, opset)) direct.add(node.inputs[position] ?? '');
    // A set that grows while it is walked: all that the operands are computed from. Shapes are known without values.
    const reached = new Set(direct);
    for (const name of reached) {
      const producer = producers.get(name);
      if (producer === undefined || entryOf(producer.domain, producer.op)?.shapeOnly) continue;
      for (const input of producer.inputs) reached.add(input);
      for (const { outputs } of bodiesOf(producer)) for (const output of outputs) reached.add(output.name);
    }
    return { direct, reached };
  }

  /** Positions of a node's constant operands. */
  #constants({ op, domain, overload }: OnnxNode, opset: number): readonly number[] {
    const called = this.#functions.get(functionKey(domain, op, overload));
    if (called === undefined)
      return Object.values(entryOf(domain, op)?.constants ?? {}).map((position) =>
        positionIn(position, opset),
      );
    const known = this.#parameters.get(called);
    if (known !== undefined) return known;
    this.#parameters.set(called, []);
    const { reached } = this.among(called.nodes, called.opsets.get('') ?? opset);
    const positions = called.inputs.flatMap((name, i) => (reached.has(name) ? [i] : []));
    this.#parameters.set(called, positions);
    return positions;
  }
}

/** Nodes and those of their bodies, which see the same names. */
const withBodies = (nodes: readonly OnnxNode[]): OnnxNode[] =>
  nodes.flatMap((node) => [node, ...bodiesOf(node).flatMap((body) => withBodies(body.nodes))]);
