/**
 * What an exporter of an op sees of the node it writes: its inputs as tensors of the draft, its attributes, and the one
 * way to add ONNX nodes. Where the node takes part in an order of axes other than its own (`orders.ts`), attributes and
 * types are those of that order already.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { Attrs, AttrValue, TypedConstant } from '../../ir/constant.ts';
import type { Node } from '../../ir/graph.ts';
import { bytesOf, fromNumbers } from '../../ir/tensor.ts';
import { type DType, formatType, type Shape, type TensorType } from '../../ir/types.ts';
import { opOf } from '../../ops/index.ts';
import { activationNodes } from './activations.ts';
import { type Draft, type DraftAttributes, ints } from './draft.ts';
import { isPlain, type Order, type Orders, ordered, plainOrder } from './orders.ts';

/** Thrown where only a later opset has what a node needs; `exportOnnx` goes there, or says so. */
export class NeedsOpset extends Error {
  readonly opset: number;

  constructor(opset: number, what: string) {
    super(what);
    this.opset = opset;
  }
}

/** The order each input is wanted in and each output is made in, and the attributes that go with it. */
export interface Arrangement {
  readonly attrs: Attrs;
  /** By input; null where it is absent. */
  readonly inputs: readonly (Order | null)[];
  readonly outputs: readonly Order[];
}

export class NodeExport {
  readonly node: Node;
  readonly opset: number;
  readonly attrs: Attrs;
  /** Types of the inputs and outputs, in the order of the arrangement. */
  readonly inputs: readonly (TensorType | null)[];
  readonly outputs: readonly TensorType[];
  readonly #draft: Draft;
  readonly #orders: Orders;
  readonly #arrangement: Arrangement;

  constructor(
    node: Node,
    opset: number,
    types: readonly TensorType[],
    arrangement: Arrangement,
    draft: Draft,
    orders: Orders,
  ) {
    this.node = node;
    this.opset = opset;
    this.attrs = arrangement.attrs;
    this.inputs = node.inputs.map((id, i) => {
      if (id === null) return null;
      const type = orders.typeOf(id);
      const order = arrangement.inputs[i]!;
      const lead = new Array<number>(order.length - type.shape.length).fill(1);
      return ordered({ ...type, shape: [...lead, ...type.shape] }, order);
    });
    this.outputs = types.map((type, i) => ordered(type, arrangement.outputs[i]!));
    this.#draft = draft;
    this.#orders = orders;
    this.#arrangement = arrangement;
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
    return id == null ? '' : this.#orders.tensor(id, this.#arrangement.inputs[index]!);
  }

  /** All inputs, without absent ones at the end. */
  all(): string[] {
    return this.node.inputs.map((_, i) => this.input(i));
  }

  typeOf(index: number): TensorType {
    return this.inputs[index] ?? this.broken(`input ${index} is absent`);
  }

  /** An input with its axes in a further order. */
  inputIn(index: number, order: Order): string {
    const id = this.node.inputs[index]!;
    if (!isPlain(this.#arrangement.inputs[index]!)) this.broken(`input ${index} is in an order of its own`);
    return this.#orders.tensor(id, order);
  }

  constantOf(index: number): TypedConstant | null {
    const id = this.node.inputs[index];
    return id == null ? null : this.#orders.constantOf(id);
  }

  #attribute(name: string): AttrValue {
    return this.attrs[name] ?? this.broken(`attribute "${name}" is absent`);
  }

  number(name: string): number {
    return Number(this.#attribute(name));
  }

  flag(name: string): boolean {
    return this.#attribute(name) === true;
  }

  text(name: string): string {
    return String(this.#attribute(name));
  }

  numbers(name: string): readonly number[] {
    const value = this.#attribute(name);
    return Array.isArray(value) ? value.map(Number) : this.broken(`attribute "${name}" is no list`);
  }

  /** Adds a node with one output, of the node's own type unless told otherwise. `part` tells it from others. */
  add(
    op: string,
    inputs: readonly string[],
    attributes: DraftAttributes = {},
    part = '',
    type: TensorType = this.type,
  ): string {
    return this.addAll(op, inputs, attributes, part, [type])[0]!;
  }

  addAll(
    op: string,
    inputs: readonly string[],
    attributes: DraftAttributes,
    part: string,
    types: readonly TensorType[],
  ): string[] {
    const last = inputs.findLastIndex((input) => input !== '');
    return this.#draft.node(op, inputs.slice(0, last + 1), attributes, this.#part(part), types);
  }

  /** An operand: numbers of a shape. */
  operand(dtype: DType, shape: Shape, values: readonly number[], part: string): string {
    return this.weight({ type: { dtype, shape }, constant: inline(dtype, shape, values) }, part);
  }

  weight(constant: TypedConstant, part: string): string {
    const name = this.#draft.reserve(this.#part(part));
    this.#draft.constant(name, constant);
    return name;
  }

  /** Shapes, axes, pads: a vector of int64. */
  indices(values: readonly number[], part: string): string {
    return this.operand('int64', [values.length], values, part);
  }

  reshape(tensor: string, shape: Shape, part: string): string {
    if (shape.includes(0) && this.opset < 14) this.need(14, 'a reshape to no elements');
    const attributes = shape.includes(0) ? { allowzero: { kind: 'int', value: 1 } as const } : {};
    const type = { dtype: this.#draft.typeOf(tensor).dtype, shape };
    return this.add('Reshape', [tensor, this.indices(shape, joined(part, 'shape'))], attributes, part, type);
  }

  transpose(tensor: string, perm: Order, part: string): string {
    const type = ordered(this.#draft.typeOf(tensor), perm);
    return isPlain(perm) ? tensor : this.add('Transpose', [tensor], { perm: ints(perm) }, part, type);
  }

  /** An elementwise function of a tensor; its nodes bear the node's name, or that of a part. */
  activate(tensor: string, attrs: { fn: string; alpha: number; beta: number }, part = ''): string {
    const type = this.#draft.typeOf(tensor);
    return activationNodes(tensor, attrs, {
      opset: this.opset,
      add: (op, inputs, attributes = {}, inner = '') =>
        this.add(op, inputs, attributes, joined(part, inner), type),
      scalar: (value, inner) => this.operand(type.dtype, [], [value], joined(part, inner)),
    });
  }

  /** What fusion put behind a result: the residual, then the function. */
  finish(tensor: string): string {
    const residual = opOf(this.node.op).inputs.indexOf('residual?');
    const sum =
      residual >= 0 && this.has(residual)
        ? this.add('Add', [tensor, this.input(residual)], {}, 'residual')
        : tensor;
    const { act } = this.attrs;
    if (act === undefined || act === 'none') return sum;
    const fn = this.text('act');
    return this.activate(sum, { fn, alpha: this.number('alpha'), beta: this.number('beta') }, fn);
  }

  /** The axes of an input, or of the node's type, as they are. */
  plain(index = 0): Order {
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

const joined = (name: string, part: string): string =>
  part === '' ? name : name === '' ? part : `${name}.${part}`;

const inline = (dtype: DType, shape: Shape, values: readonly number[]) =>
  ({ kind: 'inline', bytes: bytesOf(fromNumbers({ dtype, shape }, values)) }) as const;
