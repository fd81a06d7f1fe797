/**
 * One of our nodes as its export sees it: its inputs as tensors, its attributes, and the one way to add ONNX nodes. Where
 * the node is written in an order of axes other than its own (`choose-orders.ts`), attributes and types are of that order.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { Attrs, TypedConstant } from '../../ir/constant.ts';
import type { Node } from '../../ir/graph.ts';
import { bytesOf, fromNumbers } from '../../ir/tensor.ts';
import { type DType, formatType, type Shape, type TensorType } from '../../ir/types.ts';
import { type AxisOrder, isPlain, ordered, plainOrder } from './axis-order.ts';
import { type Attributes, type ExportGraph, ints } from './graph.ts';
import type { ExportValues } from './values.ts';

/** Thrown where only a later opset has what a node needs; `exportOnnx` goes there, or says so. */
export class NeedsOpset extends Error {
  readonly opset: number;

  constructor(opset: number, what: string) {
    super(what);
    this.opset = opset;
  }
}

/** The order in which each input is read and each output is written, and the attributes that go with it. */
export interface NodeOrders {
  readonly attrs: Attrs;
  /** By input; null where it is absent. */
  readonly inputs: readonly (AxisOrder | null)[];
  readonly outputs: readonly AxisOrder[];
}

/** `A` are the attributes of its op. */
export class ExportNode<A extends Attrs = Attrs> {
  readonly node: Node;
  readonly opset: number;
  readonly attrs: A;
  /** Types of the inputs and outputs, in the orders of this node. */
  readonly inputs: readonly (TensorType | null)[];
  readonly outputs: readonly TensorType[];
  readonly #graph: ExportGraph;
  readonly #values: ExportValues;
  readonly #orders: NodeOrders;

  constructor(
    node: Node,
    opset: number,
    types: readonly TensorType[],
    orders: NodeOrders,
    graph: ExportGraph,
    values: ExportValues,
  ) {
    this.node = node;
    this.opset = opset;
    // Those of an op are completed and checked where its node is built.
    this.attrs = orders.attrs as A;
    this.inputs = node.inputs.map((id, i) => {
      if (id === null) return null;
      const type = values.typeOf(id);
      const order = orders.inputs[i]!;
      const lead = new Array<number>(order.length - type.shape.length).fill(1);
      return ordered({ ...type, shape: [...lead, ...type.shape] }, order);
    });
    this.outputs = types.map((type, i) => ordered(type, orders.outputs[i]!));
    this.#graph = graph;
    this.#values = values;
    this.#orders = orders;
  }

  get name(): string {
    return this.node.name;
  }

  /** The only output's type, or the first's. */
  get type(): TensorType {
    return this.outputs[0]!;
  }

  has(index: number): boolean {
    return this.node.inputs[index] != null;
  }

  /** The tensor of an input; '' where it is absent. */
  input(index: number): string {
    const id = this.node.inputs[index];
    return id == null ? '' : this.#values.tensor(id, this.#orders.inputs[index]!);
  }

  /** All inputs, without absent ones at the end. */
  all(): string[] {
    return this.node.inputs.map((_, i) => this.input(i));
  }

  /** Type of an input in its order. */
  typeOf(index: number): TensorType {
    return this.inputs[index] ?? this.broken(`input ${index} is absent`);
  }

  /** Type of a tensor that was written before. */
  typeOfTensor(tensor: string): TensorType {
    return this.#graph.typeOf(tensor);
  }

  /** An input with its axes in a further order. */
  inputIn(index: number, order: AxisOrder): string {
    const id = this.node.inputs[index]!;
    if (!isPlain(this.#orders.inputs[index]!)) this.broken(`input ${index} is in an order of its own`);
    return this.#values.tensor(id, order);
  }

  constantOf(index: number): TypedConstant | null {
    const id = this.node.inputs[index];
    return id == null ? null : this.#values.constantOf(id);
  }

  /** Adds a node with one output, of the node's own type unless told otherwise. `part` tells it from others. */
  add(
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    part = '',
    type: TensorType = this.type,
  ): string {
    return this.addAll(op, inputs, attributes, part, [type])[0]!;
  }

  addAll(
    op: string,
    inputs: readonly string[],
    attributes: Attributes,
    part: string,
    types: readonly TensorType[],
  ): string[] {
    const last = inputs.findLastIndex((input) => input !== '');
    return this.#graph.node(op, inputs.slice(0, last + 1), attributes, this.#part(part), types);
  }

  /** An operand: numbers of a shape. */
  operand(dtype: DType, shape: Shape, values: readonly number[], part: string): string {
    return this.weight({ type: { dtype, shape }, constant: inline(dtype, shape, values) }, part);
  }

  weight(constant: TypedConstant, part: string): string {
    const name = this.#graph.reserve(this.#part(part));
    this.#graph.constant(name, constant);
    return name;
  }

  /** Shapes, axes, pads: a vector of int64. */
  indices(values: readonly number[], part: string): string {
    return this.operand('int64', [values.length], values, part);
  }

  reshape(tensor: string, shape: Shape, part: string): string {
    if (shape.includes(0) && this.opset < 14) this.need(14, 'a reshape to no elements');
    const attributes = shape.includes(0) ? { allowzero: { kind: 'int', value: 1 } as const } : {};
    const type = { dtype: this.typeOfTensor(tensor).dtype, shape };
    return this.add('Reshape', [tensor, this.indices(shape, joined(part, 'shape'))], attributes, part, type);
  }

  transpose(tensor: string, perm: AxisOrder, part: string): string {
    const type = ordered(this.typeOfTensor(tensor), perm);
    return isPlain(perm) ? tensor : this.add('Transpose', [tensor], { perm: ints(perm) }, part, type);
  }

  /** The axes of an input, or of the node's type, as they are. */
  plain(index = 0): AxisOrder {
    return plainOrder(this.typeOf(index).shape.length);
  }

  need(opset: number, what: string): void {
    if (this.opset < opset) throw new NeedsOpset(opset, `${what} ("${this.name}")`);
  }

  unsupported(what: string): never {
    throw new MillraceError('MODEL_UNSUPPORTED', what, {
      at: `${this.node.op} "${this.name}"`,
      got: this.inputs.map((type) => (type === null ? 'nothing' : formatType(type))).join(', '),
    });
  }

  broken(what: string): never {
    throw new MillraceError('INTERNAL', what, { at: `${this.node.op} "${this.name}"` });
  }

  #part(part: string): string {
    return joined(this.name, part);
  }
}

/** The name of a part of what has a name. */
export const joined = (name: string, part: string): string =>
  part === '' ? name : name === '' ? part : `${name}.${part}`;

const inline = (dtype: DType, shape: Shape, values: readonly number[]) =>
  ({ kind: 'inline', bytes: bytesOf(fromNumbers({ dtype, shape }, values)) }) as const;
