/**
 * Graph to draft, node by node in execution order. Each node is written in the order of axes that ONNX wants, or that
 * its inputs are in already, or its own.
 */
import { MillraceError } from '../../../runtime/error.ts';
import { type Graph, type Node, valueAt } from '../../ir/graph.ts';
import type { TensorType } from '../../ir/types.ts';
import { opOf } from '../../ops/index.ts';
import type { OpDefinition } from '../../ops/op.ts';
import { type Arrangement, NodeExport } from './context.ts';
import { Draft } from './draft.ts';
import type { Exporter } from './mapping/exporter.ts';
import { exporterOf } from './mapping/index.ts';
import { inverseOrder, isPlain, Orders, plainOrder, sameOrder } from './orders.ts';

export function draftOf(graph: Graph, opset: number): Draft {
  const draft = new Draft();
  const orders = new Orders(draft, graph);
  const outputNames = reserveOutputs(graph, draft);
  for (const { id, name, type, constant } of graph.values.values())
    if (constant !== undefined) orders.weight(id, draft.reserve(name), { type, constant });
  for (const node of graph.nodes) writeNode(graph, node, opset, draft, orders);
  for (const [i, { value }] of graph.outputs.entries())
    draft.output(outputNames[i]!, orders.tensor(value, plainOrder(valueAt(graph, value).type.shape.length)));
  return draft;
}

/** An output that is an input under its own name is that tensor; another one of an input's name gets a number. */
function reserveOutputs(graph: Graph, draft: Draft): string[] {
  return graph.outputs.map(({ name, value }) => {
    const itself = graph.inputs.includes(value) && valueAt(graph, value).name === name;
    return itself ? name : draft.reserve(name);
  });
}

function writeNode(graph: Graph, node: Node, opset: number, draft: Draft, orders: Orders): void {
  const op = opOf(node.op);
  const types = node.outputs.map((id) => valueAt(graph, id).type);
  const [first] = node.inputs;
  const perm = op.traits.permutation?.(node.attrs);
  if (perm !== undefined && first != null) {
    orders.transposed(node.outputs[0]!, node.name, first, perm, types[0]!);
    return;
  }
  if (op.traits.forwards === 0 && first != null) {
    orders.same(node.outputs[0]!, first);
    return;
  }
  const exporter = exporterOf(node.op);
  if (exporter === undefined)
    throw new MillraceError('MODEL_UNSUPPORTED', `op ${node.op} has no ONNX form`, {
      at: `node "${node.name}"`,
    });
  const arrangement = arrange(node, op, exporter, types, orders);
  const tensors = exporter.emit(new NodeExport(node, opset, types, arrangement, draft, orders));
  for (const [i, id] of node.outputs.entries())
    orders.made(id, types[i]!, tensors[i]!, arrangement.outputs[i]!);
}

function arrange(
  node: Node,
  op: OpDefinition,
  { images }: Exporter,
  outputs: readonly TensorType[],
  orders: Orders,
): Arrangement {
  const types = node.inputs.map((id) => (id === null ? null : orders.typeOf(id)));
  const own: Arrangement = {
    attrs: node.attrs,
    inputs: types.map((type) => type && plainOrder(type.shape.length)),
    outputs: outputs.map(({ shape }) => plainOrder(shape.length)),
  };
  const [x] = types;
  const wanted = images !== undefined && x ? images.order(node.attrs, x) : null;
  if (images !== undefined && wanted !== null)
    return {
      attrs: node.attrs,
      inputs: own.inputs.map((order, i) => (images.inputs.includes(i) ? order && wanted : order)),
      outputs: outputs.map(() => wanted),
    };
  return following(node, op, outputs, own, orders) ?? own;
}

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
  const price = ({ inputs }: Arrangement): number =>
    node.inputs.reduce<number>((sum, id, i) => sum + (id === null ? 0 : orders.price(id, inputs[i]!)), 0);
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
    const cost = price(arrangement);
    if (cost === 0 || cost < price(own)) return arrangement;
  }
  return null;
}
