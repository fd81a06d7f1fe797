/**
 * A working copy of a graph whose nodes can be changed, moved and bypassed in any order: for rewrites that look at
 * who reads a value. The graph it was made from is not touched; `graph()` gives the new one.
 */
import type { AttrsArgument, OpAttrs, OpSignatures } from './builder.ts';
import type { Attrs, TypedConstant } from './constant.ts';
import type { Graph, GraphOutput, Node, Value, ValueId } from './graph.ts';
import { removeDead } from './rebuild.ts';
import { formatType, sameType, type TensorType } from './types.ts';

/** A node of the working copy: the same object for as long as it exists, linked in execution order. */
interface Entry extends Node {
  op: string;
  inputs: (ValueId | null)[];
  attrs: Attrs;
  previous: Entry | null;
  next: Entry | null;
}

export class Rewrite<Ops extends OpAttrs = OpAttrs> {
  readonly #graph: Graph;
  readonly #signatures: OpSignatures;
  readonly #values: Map<ValueId, Value>;
  readonly #producers = new Map<ValueId, Entry>();
  readonly #consumers = new Map<ValueId, Entry[]>();
  #outputs: readonly GraphOutput[];
  #first: Entry | null = null;
  #nextId = 0;

  constructor(graph: Graph, signatures: OpSignatures) {
    this.#graph = graph;
    this.#signatures = signatures;
    this.#values = new Map(graph.values);
    this.#outputs = graph.outputs;
    for (const id of graph.values.keys()) this.#nextId = Math.max(this.#nextId, id + 1);
    let last: Entry | null = null;
    for (const node of graph.nodes) {
      const entry: Entry = { ...node, inputs: [...node.inputs], previous: last, next: null };
      if (last === null) this.#first = entry;
      else last.next = entry;
      last = entry;
      for (const id of node.outputs) this.#producers.set(id, entry);
      this.#read(entry);
    }
  }

  /** The nodes as they are now, in execution order. */
  nodes(): Node[] {
    const nodes: Entry[] = [];
    for (let entry = this.#first; entry !== null; entry = entry.next) nodes.push(entry);
    return nodes;
  }

  value(id: ValueId): Value {
    const value = this.#values.get(id);
    if (value === undefined) throw new Error(`graph ${this.#graph.name} has no value ${id}`);
    return value;
  }

  type(id: ValueId): TensorType {
    return this.value(id).type;
  }

  types(ids: readonly (ValueId | null)[]): (TensorType | null)[] {
    return ids.map((id) => (id === null ? null : this.type(id)));
  }

  /** The recipe of a constant; null for other values and for absent inputs. */
  constant(id: ValueId | null): TypedConstant | null {
    if (id === null) return null;
    const { type, constant } = this.value(id);
    return constant === undefined ? null : { type, constant };
  }

  producer(id: ValueId | null): Node | null {
    return (id === null ? null : this.#producers.get(id)) ?? null;
  }

  consumers(id: ValueId): readonly Node[] {
    return this.#consumers.get(id) ?? [];
  }

  /** The one node that reads the value, once, and no output shows it; null otherwise. */
  onlyConsumer(id: ValueId): Node | null {
    const [consumer, ...others] = this.consumers(id);
    if (consumer === undefined || others.length > 0 || this.isOutput(id)) return null;
    return consumer;
  }

  isOutput(id: ValueId): boolean {
    return this.#outputs.some((output) => output.value === id);
  }

  addConstant(name: string, { type, constant }: TypedConstant): ValueId {
    const id = this.#nextId++;
    this.#values.set(id, { id, name, type, constant });
    return id;
  }

  /** Gives a node other inputs and attributes, under which it must make the same types. */
  update(node: Node, inputs: readonly (ValueId | null)[], attrs: Attrs): void {
    const entry = this.#entry(node);
    const complete = this.#signatures.complete(node.op, attrs);
    const types = this.#signatures.infer(node.op, this.types(inputs), complete);
    types.forEach((type, i) => {
      const before = this.type(node.outputs[i]!);
      if (!sameType(type, before))
        throw new Error(`${node.name} would become ${formatType(type)}, was ${formatType(before)}`);
    });
    this.#unread(entry);
    entry.inputs = [...inputs];
    entry.attrs = complete;
    this.#read(entry);
  }

  /** Puts another op in a node's place, under its name, which must make the same types. */
  replace<N extends keyof Ops & string>(
    node: Node,
    op: N,
    inputs: readonly (ValueId | null)[],
    ...[attrs]: AttrsArgument<Ops[N]>
  ): void {
    this.#entry(node).op = op;
    this.update(node, inputs, attrs ?? {});
  }

  /** Everything that reads `from` reads `to` instead. */
  redirect(from: ValueId, to: ValueId): void {
    for (const entry of new Set(this.#consumers.get(from))) {
      this.#unread(entry);
      entry.inputs = entry.inputs.map((id) => (id === from ? to : id));
      this.#read(entry);
    }
    this.#outputs = this.#outputs.map((output) =>
      output.value === from ? { name: output.name, value: to } : output,
    );
  }

  /** Moves a node in front of a later one, where all its inputs exist too. */
  moveBefore(node: Node, later: Node): void {
    const [entry, place] = [this.#entry(node), this.#entry(later)];
    this.#unlink(entry);
    entry.previous = place.previous;
    entry.next = place;
    if (place.previous === null) this.#first = entry;
    else place.previous.next = entry;
    place.previous = entry;
  }

  remove(node: Node): void {
    const entry = this.#entry(node);
    this.#unread(entry);
    this.#unlink(entry);
    for (const id of node.outputs) this.#producers.delete(id);
  }

  /** The new graph. */
  graph(): Graph {
    const nodes = this.nodes().map(({ name, op, attrs, inputs, outputs }) => ({
      name,
      op,
      attrs,
      inputs: [...inputs],
      outputs,
    }));
    return removeDead({ ...this.#graph, values: this.#values, nodes, outputs: this.#outputs });
  }

  #entry(node: Node): Entry {
    const entry = this.#producers.get(node.outputs[0]!);
    if (entry !== node) throw new Error(`${node.name} is not in the graph`);
    return entry;
  }

  #read(entry: Entry): void {
    for (const id of entry.inputs) {
      if (id === null) continue;
      const readers = this.#consumers.get(id);
      if (readers === undefined) this.#consumers.set(id, [entry]);
      else readers.push(entry);
    }
  }

  #unread(entry: Entry): void {
    for (const id of new Set(entry.inputs)) {
      if (id === null) continue;
      const others = (this.#consumers.get(id) ?? []).filter((reader) => reader !== entry);
      this.#consumers.set(id, others);
    }
  }

  #unlink(entry: Entry): void {
    if (entry.previous === null) this.#first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next !== null) entry.next.previous = entry.previous;
  }
}
