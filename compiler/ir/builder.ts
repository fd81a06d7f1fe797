/**
 * Builds a graph node by node; the only way frontends make one, so that an imported and a defined network
 * cannot differ in what a node may be. Types are inferred as nodes are added, and a wrong one is an error
 * there and then, with the node's name.
 */
import { MillraceError } from '../../runtime/error.ts';
import type { Attrs, Constant } from './constant.ts';
import type { Graph, GraphOutput, Node, PortDocs, Value, ValueId } from './graph.ts';
import { byteLength, formatType, type TensorType } from './types.ts';

/** What the builder must know of ops; `ops/index.ts` provides it (ir itself knows no op). */
export interface OpSignatures {
  /** Attributes with defaults filled in; throws on unknown or ill-typed ones. */
  complete(op: string, attrs: Attrs): Attrs;
  /** Output types; throws a MillraceError that does not yet name the node. */
  infer(op: string, inputs: readonly (TensorType | null)[], attrs: Attrs): readonly TensorType[];
}

/** Attributes that a node may be given, by op. Where nothing is known of ops, any name and any attributes go. */
export type OpAttrs = Readonly<Record<string, Attrs>>;

/** The attributes of a node as an argument, which may be left out where none is required. */
export type AttrsArgument<A extends Attrs> = Record<never, never> extends A ? [attrs?: A] : [attrs: A];

/** What follows the inputs of a node. */
export type NodeArguments<A extends Attrs> =
  Record<never, never> extends A ? [attrs?: A, name?: string] : [attrs: A, name?: string];

/** `Ops` says which ops there are, and with which attributes: a wrong one does not compile. */
export class GraphBuilder<Ops extends OpAttrs = OpAttrs> {
  readonly name: string;
  readonly #signatures: OpSignatures;
  readonly #values = new Map<ValueId, Value>();
  readonly #nodes: Node[] = [];
  readonly #inputs: ValueId[] = [];
  readonly #outputs: GraphOutput[] = [];
  readonly #nodeNames = new Set<string>();
  readonly #docs: PortDocs | undefined;
  #nextId = 0;

  /** `from` continues an existing graph: its values, inputs, docs and ids are taken over, its nodes and outputs not. */
  constructor(name: string, signatures: OpSignatures, from?: Graph) {
    this.name = name;
    this.#signatures = signatures;
    this.#docs = from?.docs;
    if (from === undefined) return;
    for (const [id, value] of from.values) {
      this.#values.set(id, value);
      this.#nextId = Math.max(this.#nextId, id + 1);
    }
    this.#inputs.push(...from.inputs);
  }

  /** Throws MODEL_INVALID for a name that no file can hold as it is. */
  input(name: string, type: TensorType): ValueId {
    checkPortName(name);
    const id = this.#value(name, type);
    this.#inputs.push(id);
    return id;
  }

  constant(name: string, type: TensorType, constant: Constant): ValueId {
    if (constant.kind === 'inline' && constant.bytes.byteLength !== byteLength(type))
      throw new Error(`constant ${name}: ${constant.bytes.byteLength} bytes for ${byteLength(type)}`);
    return this.#value(name, type, constant);
  }

  /** Adds a node and returns its outputs. It is named after its op, or as said; a name already taken gets a suffix. */
  node<N extends keyof Ops & string>(
    op: N,
    inputs: readonly (ValueId | null)[],
    ...[attrs, name]: NodeArguments<Ops[N]>
  ): ValueId[] {
    return this.#node(op, inputs, attrs ?? {}, name ?? op);
  }

  /** A node of the same op and name with other inputs, and with other attributes if given. */
  again(node: Node, inputs: readonly (ValueId | null)[], attrs: Attrs = node.attrs): ValueId[] {
    return this.#node(node.op, inputs, attrs, node.name);
  }

  #node(op: string, inputs: readonly (ValueId | null)[], attrs: Attrs, name: string): ValueId[] {
    const unique = this.#uniqueName(name);
    const complete = this.#signatures.complete(op, attrs);
    const types = this.#signatures.infer(
      op,
      inputs.map((id) => (id === null ? null : this.typeOf(id))),
      complete,
    );
    const outputs = types.map((type, i) => this.#value(i === 0 ? unique : `${unique}:${i}`, type));
    this.#nodes.push({ name: unique, op, attrs: complete, inputs: [...inputs], outputs });
    return outputs;
  }

  /** Takes a node over as it is (a pass that rebuilds a graph around unchanged nodes). */
  keep(node: Node): void {
    this.#nodeNames.add(node.name);
    this.#nodes.push(node);
  }

  /** Throws MODEL_INVALID for a name that no file can hold as it is. */
  output(name: string, value: ValueId): void {
    checkPortName(name);
    this.#outputs.push({ name, value });
  }

  typeOf(id: ValueId): TensorType {
    return this.lookup(id).type;
  }

  lookup(id: ValueId): Value {
    const value = this.#values.get(id);
    if (value === undefined) throw new Error(`no value ${id}`);
    return value;
  }

  /** The finished graph, without values that nothing refers to. */
  build(): Graph {
    const used = new Set<ValueId>(this.#inputs);
    for (const node of this.#nodes) {
      for (const id of node.inputs) if (id !== null) used.add(id);
      for (const id of node.outputs) used.add(id);
    }
    for (const output of this.#outputs) used.add(output.value);
    const values = new Map([...this.#values].filter(([id]) => used.has(id)));
    return {
      name: this.name,
      values,
      nodes: [...this.#nodes],
      inputs: [...this.#inputs],
      outputs: [...this.#outputs],
      ...(this.#docs === undefined ? {} : { docs: this.#docs }),
    };
  }

  #value(name: string, type: TensorType, constant?: Constant): ValueId {
    if (!Number.isSafeInteger(byteLength(type)))
      throw new MillraceError('MODEL_SHAPE', 'a tensor is larger than any memory', {
        at: name,
        expected: 'a whole number of bytes, below 2^53',
        got: formatType(type),
      });
    const id = this.#nextId++;
    this.#values.set(id, constant === undefined ? { id, name, type } : { id, name, type, constant });
    return id;
  }

  #uniqueName(name: string): string {
    let unique = name;
    for (let n = 1; this.#nodeNames.has(unique); n++) unique = `${name}_${n}`;
    this.#nodeNames.add(unique);
    return unique;
  }
}

/** Manifests are UTF-8, which has no lone surrogates: such a name would come back as another. */
function checkPortName(name: string): void {
  if (name.isWellFormed()) return;
  throw new MillraceError('MODEL_INVALID', 'the name of an input or output is not well-formed Unicode', {
    at: JSON.stringify(name),
    expected: 'no lone surrogates',
    got: JSON.stringify(name),
  });
}
