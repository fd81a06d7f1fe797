/**
 * The graph: immutable, in execution order, every value typed. Frontends make it, passes return new ones.
 * Ops are names here; what they mean is in `ops/`.
 */
import type { Attrs, Constant } from './constant.ts';
import type { TensorType } from './types.ts';

/** Index of a value, unique in its graph; ids survive passes, new values get new ids. */
export type ValueId = number;

/** What a node writes, an input, or a constant. */
export interface Value {
  readonly id: ValueId;
  readonly name: string;
  readonly type: TensorType;
  /** Present exactly for constants, which no node produces. */
  readonly constant?: Constant;
}

/** One operation of a graph. */
export interface Node {
  /** Unique in the graph; the name the user knows the layer by. */
  readonly name: string;
  readonly op: string;
  readonly attrs: Attrs;
  /** Null stands for an optional input that is absent. */
  readonly inputs: readonly (ValueId | null)[];
  readonly outputs: readonly ValueId[];
}

/** An output of a graph: its name, and the value it is. */
export interface GraphOutput {
  readonly name: string;
  readonly value: ValueId;
}

/** What the model's author says of its inputs and outputs, by name; for declarations and exports. */
export interface PortDocs {
  readonly inputs: ReadonlyMap<string, string>;
  readonly outputs: ReadonlyMap<string, string>;
}

/** A network as the compiler has it: nodes in an order of execution, values with types, constants as recipes. */
export interface Graph {
  readonly name: string;
  readonly values: ReadonlyMap<ValueId, Value>;
  /** Producers before consumers. */
  readonly nodes: readonly Node[];
  /** Names of inputs are the names of their values. */
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly GraphOutput[];
  readonly docs?: PortDocs;
  /** What the model left open and nobody gave, as it was taken: `N = 1`. */
  readonly assumed?: readonly string[];
}

/** The value of an id; ids come from the same graph, so a miss is a programming error. */
export function valueAt(graph: Graph, id: ValueId): Value {
  const value = graph.values.get(id);
  if (value === undefined) throw new Error(`graph ${graph.name} has no value ${id}`);
  return value;
}

/** Node that writes each value; inputs and constants have none. */
export function producersOf(graph: Graph): Map<ValueId, Node> {
  const producers = new Map<ValueId, Node>();
  for (const node of graph.nodes) for (const output of node.outputs) producers.set(output, node);
  return producers;
}

/** Nodes that read each value, in execution order, a node once per reading input. */
export function consumersOf(graph: Graph): Map<ValueId, Node[]> {
  const consumers = new Map<ValueId, Node[]>();
  for (const node of graph.nodes)
    for (const input of node.inputs) {
      if (input === null) continue;
      const list = consumers.get(input);
      if (list) list.push(node);
      else consumers.set(input, [node]);
    }
  return consumers;
}
