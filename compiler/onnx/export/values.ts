/**
 * In which orders of axes the values of a graph exist in ONNX. Each op is given its inputs in the order it wants. A
 * Transpose is made only where a value does not exist in that order yet. So transposes that meet their inverse vanish,
 * and a convolution's result goes on channels-first until something needs it otherwise.
 */
import type { Constant, TypedConstant } from '../../ir/constant.ts';
import { type Graph, type ValueId, valueAt } from '../../ir/graph.ts';
import { bytesOf, fromNumbers } from '../../ir/tensor.ts';
import { byteLength, type Shape, type TensorType } from '../../ir/types.ts';
import {
  type AxisOrder,
  channelsFirst,
  inverseOrder,
  isPlain,
  ordered,
  plainOrder,
  sameOrder,
} from './axis-order.ts';
import { type ExportGraph, ints } from './graph.ts';

interface ExportValue {
  /** The value's own type and name; names of tensors follow from it. */
  readonly type: TensorType;
  readonly name: string;
  readonly constant: TypedConstant | null;
  /** Tensors that hold it; the first is where the others come from. Empty for constants not used so far. */
  readonly tensors: { readonly order: AxisOrder; readonly name: string }[];
  /** The order that what follows had better stay in: channels-first, or as an op on images made it; null for none. */
  readonly preferred: AxisOrder | null;
}

export class ExportValues {
  readonly #exported: ExportGraph;
  readonly #values = new Map<ValueId, ExportValue>();

  /** Takes the inputs and the weights of the graph over; node results are added as nodes are. */
  constructor(exported: ExportGraph, graph: Graph) {
    this.#exported = exported;
    for (const id of graph.inputs) {
      const { name: wanted, type } = valueAt(graph, id);
      const name = exported.reserve(wanted);
      exported.input(name, type);
      const tensors = [{ order: plainOrder(type.shape.length), name }];
      this.#values.set(id, { type, name, constant: null, tensors, preferred: null });
    }
  }

  /** A weight, under a reserved name. */
  weight(id: ValueId, name: string, constant: TypedConstant): void {
    this.#values.set(id, { type: constant.type, name, constant, tensors: [], preferred: null });
  }

  /** A value that a node made in the given order. */
  made(id: ValueId, type: TensorType, tensor: string, order: AxisOrder): void {
    const preferred = isPlain(order) ? null : order;
    this.#values.set(id, {
      type,
      name: tensor,
      constant: null,
      tensors: [{ order, name: tensor }],
      preferred,
    });
  }

  /** A value that is another one. */
  same(id: ValueId, as: ValueId): void {
    this.#values.set(id, this.#valueOf(as));
  }

  /** The value transpose(from, perm): the same tensors, in orders that count from the new axes. */
  transposed(id: ValueId, name: string, from: ValueId, perm: AxisOrder, type: TensorType): void {
    const { constant, tensors } = this.#valueOf(from);
    if (constant !== null) {
      const recipe: Constant = { kind: 'apply', op: 'transpose', attrs: { perm }, args: [constant] };
      this.weight(id, this.#exported.reserve(name), { type, constant: recipe });
      return;
    }
    const inverse = inverseOrder(perm);
    const moved = tensors.map((tensor) => ({ ...tensor, order: tensor.order.map((axis) => inverse[axis]!) }));
    const image = type.shape.length === 4 && sameOrder(moved[0]!.order, channelsFirst(4));
    const preferred = image ? moved[0]!.order : null;
    this.#values.set(id, { type, name, constant: null, tensors: moved, preferred });
  }

  typeOf(id: ValueId): TensorType {
    return this.#valueOf(id).type;
  }

  constantOf(id: ValueId): TypedConstant | null {
    return this.#valueOf(id).constant;
  }

  preferred(id: ValueId): AxisOrder | null {
    return this.#valueOf(id).preferred;
  }

  /** Bytes to be moved before the value exists in an order; weights are written as they are wanted. */
  missingBytes(id: ValueId, order: AxisOrder): number {
    const { constant, tensors, type } = this.#valueOf(id);
    return constant !== null || tensors.some((tensor) => sameOrder(tensor.order, order))
      ? 0
      : byteLength(type);
  }

  /**
   * The tensor that holds the value in an order; made where it is missing. An order of higher rank asks for leading
   * axes of 1, which a broadcast operand needs before it is permuted.
   */
  tensor(id: ValueId, order: AxisOrder): string {
    const value = this.#valueOf(id);
    const known = value.tensors.find((tensor) => sameOrder(tensor.order, order));
    if (known !== undefined) return known.name;
    const name =
      value.constant === null ? this.#reorder(value, order) : this.#constant(value, value.constant, order);
    value.tensors.push({ order, name });
    return name;
  }

  #valueOf(id: ValueId): ExportValue {
    const value = this.#values.get(id);
    if (value === undefined) throw new Error(`value ${id} is read before it is written`);
    return value;
  }

  #reorder(value: ExportValue, order: AxisOrder): string {
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
    const wanted = own ? value.name : `${value.name}.${suffixOf(order)}`;
    return this.#exported.node('Transpose', [name], { perm: ints(perm) }, wanted, [
      ordered(raised, order),
    ])[0]!;
  }

  #reshape(tensor: string, shape: Shape, name: string, dtype: TensorType['dtype']): string {
    const type: TensorType = { dtype: 'int64', shape: [shape.length] };
    const operand = this.#exported.reserve(`${name}.shape`);
    const bytes = bytesOf(fromNumbers(type, shape));
    this.#exported.constant(operand, { type, constant: { kind: 'inline', bytes } });
    return this.#exported.node('Reshape', [tensor, operand], {}, name, [{ dtype, shape }])[0]!;
  }

  #constant(value: ExportValue, constant: TypedConstant, order: AxisOrder): string {
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
    const name = first ? value.name : this.#exported.reserve(`${value.name}.${suffixOf(order)}`);
    this.#exported.constant(name, recipe);
    return name;
  }
}

/** Leading axes of 1, up to a rank. */
const raise = ({ dtype, shape }: TensorType, rank: number): TensorType => ({
  dtype,
  shape: [...new Array<number>(Math.max(0, rank - shape.length)).fill(1), ...shape],
});

function suffixOf(order: AxisOrder): string {
  if (isPlain(order)) return 'channels_last';
  return sameOrder(order, channelsFirst(order.length)) ? 'channels_first' : 'transposed';
}
