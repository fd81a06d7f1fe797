/**
 * In which order of axes a node is written: the one that ONNX wants of its images, or the one its inputs are in already,
 * or its own. Prices are bytes to be transposed before the node.
 */
import type { Node } from '../../ir/graph.ts';
import type { TensorType } from '../../ir/types.ts';
import type { OpDefinition } from '../../ops/define/op.ts';
import type { Arrangement } from './context.ts';
import type { Emit, Exporter } from './mapping/exporter.ts';
import { inverseOrder, isPlain, type Orders, plainOrder, sameOrder } from './orders.ts';

export function arrange(
  node: Node,
  op: OpDefinition,
  exporter: Exporter,
  outputs: readonly TensorType[],
  orders: Orders,
): { arrangement: Arrangement; emit: Emit } {
  const own = ownArrangement(node, outputs, orders);
  const free = following(node, op, outputs, own, orders) ?? own;
  const images = imageArrangement(node, exporter, own, orders);
  const { emit, elsewhere } = exporter;
  if (images === null) return { arrangement: free, emit };
  const possible = elsewhere?.needs.every((i) => {
    const id = node.inputs[i];
    return id != null && orders.constantOf(id) !== null;
  });
  if (elsewhere !== undefined && possible && price(node, images, orders) > price(node, free, orders))
    return { arrangement: free, emit: elsewhere.emit };
  return { arrangement: images, emit };
}

/** Everything as our op has it. */
const ownArrangement = (node: Node, outputs: readonly TensorType[], orders: Orders): Arrangement => ({
  attrs: node.attrs,
  inputs: node.inputs.map((id) => (id === null ? null : plainOrder(orders.typeOf(id).shape.length))),
  outputs: outputs.map(({ shape }) => plainOrder(shape.length)),
});

/** Images as the ONNX op has them, or null where it wants nothing else. */
function imageArrangement(
  node: Node,
  { images }: Exporter,
  own: Arrangement,
  orders: Orders,
): Arrangement | null {
  const [x] = node.inputs;
  const order = images === undefined || x == null ? null : images.order(node.attrs, orders.typeOf(x));
  if (images === undefined || order === null) return null;
  return {
    attrs: node.attrs,
    inputs: own.inputs.map((plain, i) => (images.inputs.includes(i) ? plain && order : plain)),
    outputs: own.outputs.map(() => order),
  };
}

/** Bytes to be transposed before the node has its inputs as it wants them. */
const price = (node: Node, { inputs }: Arrangement, orders: Orders): number =>
  node.inputs.reduce<number>((sum, id, i) => sum + (id === null ? 0 : orders.price(id, inputs[i]!)), 0);

/**
 * The node in the order that an input has from a node before it, where the op can move past it and where less is to be
 * transposed than in its own; at equal cost, and not for nothing, its own.
 */
function following(
  node: Node,
  op: OpDefinition,
  outputs: readonly TensorType[],
  own: Arrangement,
  orders: Orders,
): Arrangement | null {
  const types = node.inputs.map((id) => (id === null ? null : orders.typeOf(id)));
  for (const id of node.inputs) {
    const order = id === null ? null : orders.carried(id);
    if (order === null) continue;
    const perm = inverseOrder(order);
    const permuted = op.traits.permute?.(node.attrs, perm, types, outputs);
    // A result in a third order would be of use to nobody.
    if (!permuted?.outputs.every((restoring) => isPlain(restoring) || sameOrder(restoring, perm))) continue;
    const arrangement: Arrangement = {
      attrs: permuted.attrs,
      inputs: own.inputs.map((plain, i) => (permuted.inputs[i] === 'same' && plain ? order : plain)),
      outputs: permuted.outputs.map(inverseOrder),
    };
    const cost = price(node, arrangement, orders);
    if (cost === 0 || cost < price(node, own, orders)) return arrangement;
  }
  return null;
}
