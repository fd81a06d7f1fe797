/**
 * An ONNX node as its import sees it: typed access to inputs, attributes and constant operands, and the one way to add to
 * our graph. An import returns the values of the node's outputs. What it cannot express it says with `unsupported`; the
 * importer then goes on, to report everything at once.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { NodeArguments } from '../../ir/builder.ts';
import type { ValueId } from '../../ir/graph.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { fromNumbers, toNumbers } from '../../ir/tensor.ts';
import { type DType, formatType, isFloat, type Shape, type TensorType } from '../../ir/types.ts';
import type { GivenAttrs, OpName } from '../../ops/index.ts';
import type { AttributeValues, OnnxGraph, OnnxNode, OnnxTensor } from '../read/schema.ts';
import type { Bound } from './bounds.ts';
import type { ImportGraph } from './graph.ts';
import { Unsupported } from './report.ts';

/** Where a constant operand is among the inputs; some have moved with an opset. */
export type Position = number | ((opset: number) => number);
export type Positions<Operand extends string = string> = Readonly<Record<Operand, Position>>;

export const positionIn = (position: Position, opset: number): number =>
  typeof position === 'number' ? position : position(opset);

/** Imports a body on given inputs; its outputs. `part` comes into the names of its nodes, unless it is empty. */
export type RunBody = (body: OnnxGraph, inputs: readonly ValueId[], part: string) => ValueId[];

/** `Operand` names the constant operands that the op has declared: no other input can be read. */
export class ImportNode<Operand extends string = never> {
  readonly node: OnnxNode;
  readonly name: string;
  readonly opset: number;
  /** By position; null where absent. */
  readonly inputs: readonly (ValueId | null)[];
  readonly #constants: Positions<Operand>;
  readonly #graph: ImportGraph;
  readonly #runBody: RunBody;

  constructor(
    node: OnnxNode,
    name: string,
    opset: number,
    inputs: readonly (ValueId | null)[],
    constants: Positions<Operand>,
    graph: ImportGraph,
    runBody: RunBody,
  ) {
    this.node = node;
    this.name = name;
    this.opset = opset;
    this.inputs = inputs;
    this.#constants = constants;
    this.#graph = graph;
    this.#runBody = runBody;
  }

  /** The same node over other inputs, its parts named by `part`: for an op that is another one between conversions. */
  on(inputs: readonly (ValueId | null)[], part: string): ImportNode {
    const name = `${this.name}.${part}`;
    return new ImportNode(this.node, name, this.opset, inputs, {}, this.#graph, this.#runBody);
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
    return this.#graph.typeOf(id);
  }

  /** Refuses a value that has fewer bits in the model than here, where those bits or their type count. */
  requireWhole(id: ValueId): void {
    if (this.#graph.isNarrow(id)) this.unsupported('a type that only stores');
  }

  shape(id: ValueId): Shape {
    return this.#graph.typeOf(id).shape;
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

  /** The body that an attribute holds. */
  body(name: string): OnnxGraph {
    return this.#attribute(name, 'graph') ?? this.invalid(`attribute "${name}" is missing`);
  }

  runBody(body: OnnxGraph, inputs: readonly ValueId[], part: string): ValueId[] {
    return this.#runBody(body, inputs, part);
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

  /** Elements of a constant operand, or null where it is absent. */
  constantNumbers(operand: Operand): number[] | null {
    const id = this.optional(positionIn(this.#constants[operand], this.opset));
    if (id === null) return null;
    return (
      this.numbersOf(id) ??
      this.unsupported(`operand ${operand} is computed at run time (it must be constant)`)
    );
  }

  /** The first element of a constant operand, or null where it is absent or empty. */
  constantNumber(operand: Operand): number | null {
    return this.constantNumbers(operand)?.[0] ?? null;
  }

  /** A list that is an attribute in older opsets and a constant operand of the same name in newer ones. */
  list(operand: Operand): number[] | null {
    return this.ints(operand) ?? this.constantNumbers(operand);
  }

  /** Elements of a value, or null where it is computed at run time. */
  numbersOf(id: ValueId): number[] | null {
    const tensor = this.#graph.read(id);
    return tensor === null ? null : toNumbers(tensor);
  }

  /** The one element of a constant that is known to be one; 64-bit integers must be safe ones. */
  scalarOf(id: ValueId): number {
    const value = this.numbersOf(id)?.[0] ?? this.invalid('is not constant');
    if (!isFloat(this.type(id).dtype) && !Number.isSafeInteger(value))
      this.unsupported(`the integer ${value}`);
    return value;
  }

  /** Adds a node with one output. `part` tells it from the others when an import adds several. */
  emit<N extends OpName>(
    op: N,
    inputs: readonly (ValueId | null)[],
    ...rest: NodeArguments<GivenAttrs[N]>
  ): ValueId {
    return this.emitAll(op, inputs, ...rest)[0]!;
  }

  emitAll<N extends OpName>(
    op: N,
    inputs: readonly (ValueId | null)[],
    ...[attrs, part = '']: NodeArguments<GivenAttrs[N]>
  ): ValueId[] {
    return this.#graph.emit(op, inputs, attrs ?? {}, part === '' ? this.name : `${this.name}.${part}`);
  }

  constant(type: TensorType, values: readonly number[], part: string): ValueId {
    return this.#graph.constant(`${this.name}.${part}`, fromNumbers(type, values));
  }

  constantTensor(tensor: Tensor): ValueId {
    return this.#graph.constant(this.name, tensor);
  }

  scalar(dtype: DType, value: number, part: string): ValueId {
    return this.constant({ dtype, shape: [] }, [value], part);
  }

  splat(type: TensorType, value: number): ValueId {
    return this.#graph.splat(this.name, type, value);
  }

  embed(tensor: OnnxTensor): ValueId {
    return this.#graph.embed(this.name, tensor);
  }

  /** A value of which the first `count` elements along an axis are true: cut off there if that is known, else noted. */
  sized(id: ValueId, axis: number, count: ValueId): ValueId {
    const known = this.numbersOf(count)?.[0];
    if (known === undefined) {
      this.#graph.bind(id, { axis, count });
      return id;
    }
    const shape = this.shape(id);
    const attrs = { starts: shape.map(() => 0), steps: shape.map(() => 1), sizes: shape.with(axis, known) };
    return known === shape[axis] ? id : this.emit('slice', [id], attrs, 'true');
  }

  /** The axis of a value whose extent depends on data, and that extent; null where all are known. */
  boundOf(id: ValueId): Bound | null {
    return this.#graph.boundOf(id);
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
