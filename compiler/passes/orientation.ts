/**
 * What the layout pass knows of a graph before it decides anything. A *tensor* here is a class of values that hold
 * the same elements in different orders: each value is its tensor's root, transposed by a known permutation, its
 * *orientation*. `transpose` nodes make no tensor, only another orientation of one; every other node makes one.
 *
 * A node whose op knows how to take its inputs permuted (trait `permute`) can run in two ways: *as is*, or *moved*,
 * on un-transposed inputs. Both ways are written down as the orientations it reads and makes. The inputs say
 * which permutation a node could move past, so transposes sink. Where no input offers one, the readers say which they
 * want (`wantedPermutations`), so transposes can rise as well.
 */
import type { Attrs } from '../ir/constant.ts';
import { type Graph, type Node, type ValueId, valueAt } from '../ir/graph.ts';
import { byteLength, type TensorType } from '../ir/types.ts';
import type { Permuted } from '../ops/define/traits.ts';
import { opOf } from '../ops/index.ts';
import {
  compose,
  identityOf,
  inverseOf,
  isIdentity,
  type Permutation,
  samePermutation,
} from './permutation.ts';
import { wantedPermutations } from './wanted-permutations.ts';

export interface TensorClass {
  readonly index: number;
  /** Type of the root. */
  readonly type: TensorType;
  /** The value it comes from: a graph input, a constant, or an output of the plan's node. */
  readonly value: ValueId;
  /** The constant's orientations cost nothing: they become recipes. */
  readonly constant: boolean;
  /** The node that makes it, or null. */
  readonly producer: NodePlan | null;
  /** Orientation in which it is made, when the producer runs as is; moved, it makes the root. */
  readonly asIs: Permutation;
}

export interface Oriented {
  readonly tensor: TensorClass;
  readonly perm: Permutation;
}

/** What a node reads at one input. */
export interface Demand extends Oriented {
  /** Rank that the tensor is brought to first, by leading axes of 1; `perm` is then over that rank. */
  readonly rank: number;
}

export interface NodePlan {
  readonly node: Node;
  readonly asIs: readonly (Demand | null)[];
  /** Null where the node runs as is in any case. */
  readonly moved: { readonly attrs: Attrs; readonly demands: readonly (Demand | null)[] } | null;
  /** Whether the permutation to move past came from the readers and not from the inputs. */
  readonly fromReaders: boolean;
  readonly outputs: TensorClass[];
}

export interface Orientations {
  readonly tensors: readonly TensorClass[];
  /** Every node but the transposes, in order. */
  readonly plans: readonly NodePlan[];
  readonly values: ReadonlyMap<ValueId, Oriented>;
  /** Name of the transpose that made an orientation, by `tensor:perm`. */
  readonly names: ReadonlyMap<string, string>;
}

export const orientationKey = ({ tensor, perm }: Oriented): string => `${tensor.index}:${perm.join(',')}`;

export const bytesOf = (tensor: TensorClass): number => byteLength(tensor.type);

export function orientationsOf(graph: Graph): Orientations {
  const tensors: TensorClass[] = [];
  const plans: NodePlan[] = [];
  const values = new Map<ValueId, Oriented>();
  const names = new Map<string, string>();
  const wanted = wantedPermutations(graph);

  const make = (
    value: ValueId,
    type: TensorType,
    producer: NodePlan | null,
    asIs: Permutation,
  ): TensorClass => {
    const constant = valueAt(graph, value).constant !== undefined;
    const tensor: TensorClass = { index: tensors.length, type, value, constant, producer, asIs };
    tensors.push(tensor);
    values.set(value, { tensor, perm: asIs });
    return tensor;
  };
  for (const { id, type, constant } of graph.values.values())
    if (constant !== undefined || graph.inputs.includes(id))
      make(id, type, null, identityOf(type.shape.length));

  for (const node of graph.nodes) {
    const inputs = node.inputs.map((id) => (id === null ? null : values.get(id)!));
    const permutation = opOf(node.op).traits.permutation?.(node.attrs);
    const [first] = inputs;
    if (permutation !== undefined && first != null) {
      const oriented = { tensor: first.tensor, perm: compose(first.perm, permutation) };
      values.set(node.outputs[0]!, oriented);
      if (!names.has(orientationKey(oriented))) names.set(orientationKey(oriented), node.name);
      continue;
    }
    const asIs = inputs.map((input) => input && { ...input, rank: input.perm.length });
    const move = moveOf(graph, node, inputs, wanted.get(node));
    const plan: NodePlan = {
      node,
      asIs,
      moved: move && { attrs: move.permuted.attrs, demands: movedDemands(inputs, move) },
      fromReaders: move?.fromReaders ?? false,
      outputs: [],
    };
    plans.push(plan);
    node.outputs.forEach((id, i) => {
      const { type } = valueAt(graph, id);
      const perm = move?.permuted.outputs[i] ?? identityOf(type.shape.length);
      const shape = inverseOf(perm).map((axis) => type.shape[axis]!);
      plan.outputs.push(make(id, { dtype: type.dtype, shape }, plan, perm));
    });
  }
  return { tensors, plans, values, names };
}

interface Move {
  readonly perm: Permutation;
  readonly permuted: Permuted;
  readonly fromReaders: boolean;
}

/** The permutation that most bytes of the inputs are transposed by, of those the op can move past. */
function moveOf(
  graph: Graph,
  node: Node,
  inputs: readonly (Oriented | null)[],
  wanted: Permutation | undefined,
): Move | null {
  const { permute } = opOf(node.op).traits;
  if (permute === undefined) return null;
  const weights: { perm: Permutation; bytes: number }[] = [];
  for (const input of inputs) {
    if (input === null || input.tensor.constant || isIdentity(input.perm)) continue;
    const known = weights.find(({ perm }) => samePermutation(perm, input.perm));
    if (known !== undefined) known.bytes += bytesOf(input.tensor);
    else weights.push({ perm: input.perm, bytes: bytesOf(input.tensor) });
  }
  const candidates = weights
    .sort((a, b) => b.bytes - a.bytes)
    .map(({ perm }) => ({ perm, fromReaders: false }));
  if (wanted !== undefined) candidates.push({ perm: wanted, fromReaders: true });
  const inputTypes = node.inputs.map((id) => (id === null ? null : valueAt(graph, id).type));
  const outputTypes = node.outputs.map((id) => valueAt(graph, id).type);
  for (const { perm, fromReaders } of candidates) {
    const permuted = permute(node.attrs, perm, inputTypes, outputTypes);
    if (permuted !== null) return { perm, permuted, fromReaders };
  }
  return null;
}

/** input = transpose(input', perm), so input' is the input's orientation, un-transposed by perm. */
function movedDemands(inputs: readonly (Oriented | null)[], { perm, permuted }: Move): (Demand | null)[] {
  return inputs.map((input, i) => {
    if (input === null) return null;
    const rank = input.perm.length;
    if (permuted.inputs[i] === 'keep') return { ...input, rank };
    const lead = perm.length - rank;
    const full = [...identityOf(lead), ...input.perm.map((axis) => lead + axis)];
    return { tensor: input.tensor, perm: compose(full, inverseOf(perm)), rank: perm.length };
  });
}
