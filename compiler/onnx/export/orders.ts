/**
 * In which orders of axes the values of a graph exist in the draft. Our ops with channels have them last, ONNX's have
 * them second: each op is given its images in the order it wants, a Transpose is made only where a value does not exist
 * in that order yet, and none is made for an order that nobody asks for. So transposes that meet their inverse vanish,
 * and a convolution's result goes on channels-first until something needs it otherwise.
 *
 * An order says which axis of the value each axis of the tensor is: tensor = transpose(value, order).
 */
import type { Constant, TypedConstant } from '../../ir/constant.ts';
import { type Graph, type ValueId, valueAt } from '../../ir/graph.ts';
import { bytesOf, fromNumbers } from '../../ir/tensor.ts';
import { byteLength, type Shape, type TensorType } from '../../ir/types.ts';
import { type Draft, ints } from './draft.ts';

export type Order = readonly number[];

export const plainOrder = (rank: number): Order => Array.from({ length: rank }, (_, axis) => axis);
/** [N, …, C] as [N, C, …]. */
export const channelsFirst = (rank: number): Order =>
  rank < 3 ? plainOrder(rank) : [0, rank - 1, ...plainOrder(rank).slice(1, -1)];
export const inverseOrder = (order: Order): Order => order.map((_, axis) => order.indexOf(axis));
export const sameOrder = (a: Order, b: Order): boolean =>
  a.length === b.length && a.every((axis, i) => axis === b[i]);
export const isPlain = (order: Order): boolean => order.every((axis, i) => axis === i);
export const ordered = ({ dtype, shape }: TensorType, order: Order): TensorType => ({
  dtype,
  shape: order.map((axis) => shape[axis]!),
});

interface Existing {
  /** The value's own type and name; names of tensors follow from it. */
  readonly type: TensorType;
  readonly name: string;
  readonly constant: TypedConstant | null;
  /** Tensors that hold it; the first is where the others come from. Empty for constants not used so far. */
  readonly tensors: { readonly order: Order; readonly name: string }[];
  /** Set where it exists channels-first, or as an op on images made it: what follows had better stay in this order. */
  readonly carried: Order | null;
}

export class Orders {
  readonly #draft: Draft;
  readonly #values = new Map<ValueId, Existing>();

  /** Takes the inputs and the weights of the graph over; node results are added as nodes are. */
  constructor(draft: Draft, graph: Graph) {
    this.#draft = draft;
    for (const id of graph.inputs) {
      const { name: wanted, type } = valueAt(graph, id);
      const name = draft.reserve(wanted);
      draft.input(name, type);
      const tensors = [{ order: plainOrder(type.shape.length), name }];
      this.#values.set(id, { type, name, constant: null, tensors, carried: null });
    }
  }

  /** A weight, under a reserved name. */
  weight(id: ValueId, name: string, constant: TypedConstant): void {
    this.#values.set(id, { type: constant.type, name, constant, tensors: [], carried: null });
  }

  /** A value that a node made in the given order. */
  made(id: ValueId, type: TensorType, tensor: string, order: Order): void {
    const carried = isPlain(order) ? null : order;
    this.#values.set(id, { type, name: tensor, constant: null, tensors: [{ order, name: tensor }], carried });
  }

  /** A value that is another one. */
  same(id: ValueId, as: ValueId): void {
    this.#values.set(id, this.#existing(as));
  }

  /** The value transpose(from, perm): the same tensors, in orders that count from the new axes. */
  transposed(id: ValueId, name: string, from: ValueId, perm: Order, type: TensorType): void {
    const { constant, tensors } = this.#existing(from);
    if (constant !== null) {
      const recipe: Constant = { kind: 'apply', op: 'transpose', attrs: { perm }, args: [constant] };
      this.weight(id, this.#draft.reserve(name), { type, constant: recipe });
      return;
    }
    const inverse = inverseOrder(perm);
    const moved = tensors.map((tensor) => ({ ...tensor, order: tensor.order.map((axis) => inverse[axis]!) }));
    const image = type.shape.length === 4 && sameOrder(moved[0]!.order, channelsFirst(4));
    const carried = image ? moved[0]!.order : null;
    this.#values.set(id, { type, name, constant: null, tensors: moved, carried });
  }

  typeOf(id: ValueId): TensorType {
    return this.#existing(id).type;
  }

  constantOf(id: ValueId): TypedConstant | null {
    return this.#existing(id).constant;
  }

  carried(id: ValueId): Order | null {
    return this.#existing(id).carried;
  }

  /** Bytes to be moved before the value exists in an order; weights are written as they are wanted. */
  price(id: ValueId, order: Order): number {
    const { constant, tensors, type } = this.#existing(id);
    return constant !== null || tensors.some((tensor) => sameOrder(tensor.order, order))
      ? 0
      : byteLength(type);
  }

  /** The tensor that holds the value in an order; made where it is missing. An order of higher rank asks for leading
   * axes of 1, as a broadcast operand needs them before it is permuted. */
  tensor(id: ValueId, order: Order): string {
    const value = this.#existing(id);
    const known = value.tensors.find((tensor) => sameOrder(tensor.order, order));
    if (known !== undefined) return known.name;
    const name =
      value.constant === null ? this.#reorder(value, order) : this.#constant(value, value.constant, order);
    value.tensors.push({ order, name });
    return name;
  }

  #existing(id: ValueId): Existing {
    const value = this.#values.get(id);
    if (value === undefined) throw new Error(`value ${id} is read before it is written`);
    return value;
  }

  #reorder(value: Existing, order: Order): string {
    const { type } = value;
    const rank = order.length;
    let { name, order: from } = value.tensors[0]!;
    const raised = raise(type, rank);
    if (rank > type.shape.length) {
      const plain = ordered(type, from);
      // Leading axes of 1 can be put before any order: [C, H] as [1, C, H].
      from = [...plainOrder(rank - from.length), ...from.map((axis) => axis + rank - from.length)];
      const { shape } = raise(plain, rank);
      name = this.#reshape(name, shape, `${value.name}.broadcast`, type.dtype);
    }
    const inverse = inverseOrder(from);
    const perm = order.map((axis) => inverse[axis]!);
    if (isPlain(perm)) return name;
    const own = isPlain(order) && value.name !== value.tensors[0]!.name;
    const wanted = own ? value.name : `${value.name}.${titleOf(order)}`;
    return this.#draft.node('Transpose', [name], { perm: ints(perm) }, wanted, [ordered(raised, order)])[0]!;
  }

  #reshape(tensor: string, shape: Shape, name: string, dtype: TensorType['dtype']): string {
    const type: TensorType = { dtype: 'int64', shape: [shape.length] };
    const operand = this.#draft.reserve(`${name}.shape`);
    const bytes = bytesOf(fromNumbers(type, shape));
    this.#draft.constant(operand, { type, constant: { kind: 'inline', bytes } });
    return this.#draft.node('Reshape', [tensor, operand], {}, name, [{ dtype, shape }])[0]!;
  }

  #constant(value: Existing, constant: TypedConstant, order: Order): string {
    const { type } = constant;
    let recipe = constant;
    if (order.length > type.shape.length) {
      const { shape } = raise(type, order.length);
      const attrs = { shape };
      recipe = {
        type: { ...type, shape },
        constant: { kind: 'apply', op: 'reshape', attrs, args: [constant] },
      };
    }
    if (!isPlain(order)) {
      const attrs = { perm: order };
      recipe = {
        type: ordered(recipe.type, order),
        constant: { kind: 'apply', op: 'transpose', attrs, args: [recipe] },
      };
    }
    // The first form bears the weight's name, whatever its order: there is seldom a second.
    const first = value.tensors.length === 0;
    const name = first ? value.name : this.#draft.reserve(`${value.name}.${titleOf(order)}`);
    this.#draft.constant(name, recipe);
    return name;
  }
}

/** Leading axes of 1, up to a rank. */
const raise = ({ dtype, shape }: TensorType, rank: number): TensorType => ({
  dtype,
  shape: [...new Array<number>(Math.max(0, rank - shape.length)).fill(1), ...shape],
});

function titleOf(order: Order): string {
  if (isPlain(order)) return 'channels_last';
  return sameOrder(order, channelsFirst(order.length)) ? 'channels_first' : 'transposed';
}
