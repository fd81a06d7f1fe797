/**
 * What a mapping sees of the node it maps: typed access to inputs, attributes and constant operands, and the one way
 * to add to our graph. A mapping returns the values of the node's outputs; what it cannot express it says with
 * `unsupported`, and the importer goes on, to report everything at once.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { Attrs } from '../../ir/constant.ts';
import type { ValueId } from '../../ir/graph.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { fromNumbers, toNumbers } from '../../ir/tensor.ts';
import { type DType, formatType, isFloat, type Shape, type TensorType } from '../../ir/types.ts';
import type { AttributeValues, OnnxNode, OnnxTensor } from '../read/schema.ts';

/** Thrown by a mapping; never leaves the importer. */
export class Unsupported extends Error {}

/** The graph being built, as mappings may use it. */
export interface Target {
  typeOf(id: ValueId): TensorType;
  /** Adds a node, or, where all inputs are constants, what it evaluates to. */
  emit(op: string, inputs: readonly (ValueId | null)[], attrs: Attrs, name: string): ValueId[];
  isConstant(id: ValueId): boolean;
  /** Elements of a value, or null if it is not a constant. */
  read(id: ValueId): Tensor | null;
  constant(name: string, tensor: Tensor): ValueId;
  splat(name: string, type: TensorType, value: number): ValueId;
  /** A tensor of the model file. */
  embed(name: string, tensor: OnnxTensor): ValueId;
}

export type Mapping = (node: NodeContext) => readonly (ValueId | null)[];

export class NodeContext {
  readonly node: OnnxNode;
  readonly name: string;
  readonly opset: number;
  /** By position; null where absent. */
  readonly inputs: readonly (ValueId | null)[];
  readonly #target: Target;

  constructor(
    node: OnnxNode,
    name: string,
    opset: number,
    inputs: readonly (ValueId | null)[],
    target: Target,
  ) {
    this.node = node;
    this.name = name;
    this.opset = opset;
    this.inputs = inputs;
    this.#target = target;
  }

  unsupported(reason: string): never {
    throw new Unsupported(reason);
  }

  invalid(what: string, expected?: string, got?: string): never {
    throw new MillraceError('MODEL_INVALID', what, {
      at: `${this.node.op} "${this.name}"`,
      ...(expected === undefined ? {} : { expected }),
      ...(got === undefined ? {} : { got }),
    });
  }

  /** An input that must be there. */
  input(index: number): ValueId {
    return this.inputs[index] ?? this.invalid(`input ${index} is missing`);
  }

  optional(index: number): ValueId | null {
    return this.inputs[index] ?? null;
  }

  type(id: ValueId): TensorType {
    return this.#target.typeOf(id);
  }

  shape(id: ValueId): Shape {
    return this.#target.typeOf(id).shape;
  }

  /** Whether output `index` is named, that is, may be used. */
  wants(index: number): boolean {
    return (this.node.outputs[index] ?? '') !== '';
  }

  /** Ops whose further outputs exist for training or indices only. */
  onlyFirstOutput(what: string): void {
    for (let i = 1; i < this.node.outputs.length; i++) if (this.wants(i)) this.unsupported(what);
  }

  has(name: string): boolean {
    return this.node.attributes.has(name);
  }

  #attribute<K extends keyof AttributeValues>(name: string, kind: K): AttributeValues[K] | null {
    const attribute = this.node.attributes.get(name);
    if (attribute === undefined) return null;
    if (attribute.kind !== kind) this.invalid(`attribute "${name}"`, kind, attribute.kind);
    return attribute.value as AttributeValues[K];
  }

  float(name: string, fallback: number): number {
    return this.#attribute(name, 'float') ?? fallback;
  }

  int(name: string, fallback: number): number {
    return Number(this.#attribute(name, 'int') ?? fallback);
  }

  string(name: string, fallback: string): string {
    return this.#attribute(name, 'string') ?? fallback;
  }

  strings(name: string): readonly string[] | null {
    return this.#attribute(name, 'strings');
  }

  /** Beyond 2^53 an integer loses its low bits, which only ever mean "to the end". */
  ints(name: string): number[] | null {
    return this.#attribute(name, 'ints')?.map(Number) ?? null;
  }

  bigints(name: string): readonly bigint[] | null {
    return this.#attribute(name, 'ints');
  }

  bigint(name: string): bigint | null {
    return this.#attribute(name, 'int');
  }

  floats(name: string): readonly number[] | null {
    return this.#attribute(name, 'floats');
  }

  tensor(name: string): OnnxTensor | null {
    return this.#attribute(name, 'tensor');
  }

  /** An axis given by attribute or operand, counted from the front. */
  axis(axis: number, rank: number): number {
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
      this.invalid('axis out of range', `${-rank} to ${rank - 1}`, `${axis}`);
    return axis < 0 ? axis + rank : axis;
  }

  axes(axes: readonly number[], rank: number): number[] {
    const positive = axes.map((axis) => this.axis(axis, rank));
    if (new Set(positive).size !== positive.length)
      this.invalid('an axis appears twice', undefined, `[${axes}]`);
    return positive;
  }

  /** Elements of a constant input as numbers, or null where it is absent. */
  constantNumbers(index: number, what: string): number[] | null {
    const id = this.optional(index);
    if (id === null) return null;
    const tensor = this.#target.read(id);
    if (tensor === null) this.unsupported(`${what} is computed at run time (it must be constant)`);
    return toNumbers(tensor);
  }

  /** One element of a constant input, or null where it is absent (or empty). */
  constantNumber(index: number, what: string): number | null {
    return this.constantNumbers(index, what)?.[0] ?? null;
  }

  isConstant(id: ValueId): boolean {
    return this.#target.isConstant(id);
  }

  /** The one element of a constant that is known to be one; 64-bit integers must be safe ones. */
  scalarOf(id: ValueId): number {
    const tensor = this.#target.read(id) ?? this.invalid('is not constant');
    const value = toNumbers(tensor)[0]!;
    if (!isFloat(tensor.type.dtype) && !Number.isSafeInteger(value)) this.unsupported(`the integer ${value}`);
    return value;
  }

  /** Attribute `name` in older opsets, input `index` in newer ones. */
  intsOf(name: string, index: number, what: string): number[] | null {
    return this.ints(name) ?? this.constantNumbers(index, what);
  }

  /** Adds a node with one output. `part` tells it from the others when a mapping adds several. */
  emit(op: string, inputs: readonly (ValueId | null)[], attrs: Attrs = {}, part = ''): ValueId {
    return this.emitAll(op, inputs, attrs, part)[0]!;
  }

  emitAll(op: string, inputs: readonly (ValueId | null)[], attrs: Attrs = {}, part = ''): ValueId[] {
    return this.#target.emit(op, inputs, attrs, part === '' ? this.name : `${this.name}.${part}`);
  }

  constant(type: TensorType, values: readonly number[], part: string): ValueId {
    return this.#target.constant(`${this.name}.${part}`, fromNumbers(type, values));
  }

  constantTensor(tensor: Tensor): ValueId {
    return this.#target.constant(this.name, tensor);
  }

  scalar(dtype: DType, value: number, part: string): ValueId {
    return this.constant({ dtype, shape: [] }, [value], part);
  }

  splat(type: TensorType, value: number): ValueId {
    return this.#target.splat(this.name, type, value);
  }

  embed(tensor: OnnxTensor): ValueId {
    return this.#target.embed(this.name, tensor);
  }

  reshape(id: ValueId, shape: Shape, part: string): ValueId {
    const from = this.shape(id);
    if (from.length === shape.length && from.every((dim, i) => dim === shape[i])) return id;
    return this.emit('reshape', [id], { shape: [...shape] }, part);
  }

  /** Ours are channels-last: [N, C, …spatial] to [N, …spatial, C] (the layout pass cancels what meets its inverse). */
  channelsLast(id: ValueId): ValueId {
    const rank = this.shape(id).length;
    if (rank < 3) return id;
    const perm = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
    return this.emit('transpose', [id], { perm }, 'channels_last');
  }

  channelsFirst(id: ValueId): ValueId {
    const rank = this.shape(id).length;
    if (rank < 3) return id;
    const perm = [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
    return this.emit('transpose', [id], { perm }, 'channels_first');
  }

  requireFloat(id: ValueId): void {
    const type = this.type(id);
    if (!isFloat(type.dtype)) this.unsupported(`input ${formatType(type)} (only floating point)`);
  }
}
