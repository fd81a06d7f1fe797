/**
 * In which orders of axes a node is written: those that ONNX wants, those its inputs are in already, or its own. What
 * decides is how many bytes would be transposed before the node.
 */
import type { Node } from '../../ir/graph.ts';
import type { TensorType } from '../../ir/types.ts';
import type { OpDefinition } from '../../ops/define/op.ts';
import type { Export, ExportEntry } from '../ops/define.ts';
import { inverseOrder, isPlain, plainOrder, sameOrder } from './axis-order.ts';
import type { NodeOrders } from './node.ts';
import type { ExportValues } from './values.ts';

export function chooseOrders(
  node: Node,
  op: OpDefinition,
  entry: ExportEntry,
  outputs: readonly TensorType[],
  values: ExportValues,
): { orders: NodeOrders; run: Export } {
  const own = ownOrders(node, outputs, values);
  const free = followedOrders(node, op, outputs, own, values) ?? own;
  const wanted = wantedOrders(node, entry, own, values);
  const { anyOrder } = entry;
  if (wanted === null) return { orders: free, run: entry.export };
  const possible = anyOrder?.constants.every((i) => {
    const id = node.inputs[i];
    return id != null && values.constantOf(id) !== null;
  });
  if (anyOrder !== undefined && possible && moved(node, wanted, values) > moved(node, free, values))
    return { orders: free, run: anyOrder.export };
  return { orders: wanted, run: entry.export };
}

/** Everything as our op has it. */
const ownOrders = (node: Node, outputs: readonly TensorType[], values: ExportValues): NodeOrders => ({
  attrs: node.attrs,
  inputs: node.inputs.map((id) => (id === null ? null : plainOrder(values.typeOf(id).shape.length))),
  outputs: outputs.map(({ shape }) => plainOrder(shape.length)),
});

/** Axes as the ONNX op has them, or null where it wants nothing else. */
function wantedOrders(
  node: Node,
  { axes }: ExportEntry,
  own: NodeOrders,
  values: ExportValues,
): NodeOrders | null {
  const [x] = node.inputs;
  const order = axes === undefined || x == null ? null : axes.order(node.attrs, values.typeOf(x));
  if (axes === undefined || order === null) return null;
  return {
    attrs: node.attrs,
    inputs: own.inputs.map((plain, i) => (axes.inputs.includes(i) ? plain && order : plain)),
    outputs: own.outputs.map(() => order),
  };
}

/** Bytes to be transposed before the node has its inputs as it wants them. */
const moved = (node: Node, { inputs }: NodeOrders, values: ExportValues): number =>
  node.inputs.reduce<number>(
    (sum, id, i) => sum + (id === null ? 0 : values.missingBytes(id, inputs[i]!)),
    0,
  );

/**
 * The node in the order that an input has from a node before it, where the op can move past it. Either nothing is then
 * left to transpose, or less than in the node's own order. Otherwise null: the node keeps its own order.
 */
function followedOrders(
  node: Node,
  op: OpDefinition,
  outputs: readonly TensorType[],
  own: NodeOrders,
  values: ExportValues,
): NodeOrders | null {
  const types = node.inputs.map((id) => (id === null ? null : values.typeOf(id)));
  for (const id of node.inputs) {
    const order = id === null ? null : values.preferred(id);
    if (order === null) continue;
    const perm = inverseOrder(order);
    const permuted = op.traits.permute?.(node.attrs, perm, types, outputs);
    // A result in a third order would be of use to nobody.
    if (!permuted?.outputs.every((restoring) => isPlain(restoring) || sameOrder(restoring, perm))) continue;
    const orders: NodeOrders = {
      attrs: permuted.attrs,
      inputs: own.inputs.map((plain, i) => (permuted.inputs[i] === 'same' && plain ? order : plain)),
      outputs: permuted.outputs.map(inverseOrder),
    };
    const cost = moved(node, orders, values);
    if (cost === 0 || cost < moved(node, own, values)) return orders;
  }
  return null;
}
