/**
 * Our graph as ONNX's, node by node in execution order. Transposes and identities are no nodes: they become orders of
 * axes and names.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { Constant } from '../../ir/constant.ts';
import { type Graph, type Node, valueAt } from '../../ir/graph.ts';
import type { TensorType } from '../../ir/types.ts';
import { opOf } from '../../ops/index.ts';
import { exportOf } from '../ops/index.ts';
import { plainOrder } from './axis-order.ts';
import { chooseOrders } from './choose-orders.ts';
import { ExportGraph } from './graph.ts';
import { ExportNode } from './node.ts';
import { ExportValues } from './values.ts';

export function writeGraph(graph: Graph, opset: number): ExportGraph {
  const exported = new ExportGraph();
  const values = new ExportValues(exported, graph);
  const outputNames = reserveOutputs(graph, exported);
  for (const { id, name, type, constant } of graph.values.values())
    if (constant !== undefined) values.weight(id, exported.reserve(name), { type, constant });
  for (const node of graph.nodes) writeNode(graph, node, opset, exported, values);
  for (const [i, { value }] of graph.outputs.entries())
    exported.output(
      outputNames[i]!,
      values.tensor(value, plainOrder(valueAt(graph, value).type.shape.length)),
    );
  return exported;
}

/** An output that is an input under its own name is that tensor; another one of an input's name gets a number. */
function reserveOutputs(graph: Graph, exported: ExportGraph): string[] {
  return graph.outputs.map(({ name, value }) => {
    const itself = graph.inputs.includes(value) && valueAt(graph, value).name === name;
    return itself ? name : exported.reserve(name);
  });
}

function writeNode(
  graph: Graph,
  node: Node,
  opset: number,
  exported: ExportGraph,
  values: ExportValues,
): void {
  const op = opOf(node.op);
  const types = node.outputs.map((id) => valueAt(graph, id).type);
  const [first] = node.inputs;
  const perm = op.traits.permutation?.(node.attrs);
  if (perm !== undefined && first != null) {
    values.transposed(node.outputs[0]!, node.name, first, perm, types[0]!);
    return;
  }
  if (op.traits.identity === true && first != null) {
    values.same(node.outputs[0]!, first);
    return;
  }
  const entry = exportOf(node.op);
  if (entry === null) {
    writeConstant(node, types, exported, values);
    return;
  }
  const { orders, run } = chooseOrders(node, op, entry, types, values);
  const tensors = run(new ExportNode(node, opset, types, orders, exported, values));
  for (const [i, id] of node.outputs.entries()) values.made(id, types[i]!, tensors[i]!, orders.outputs[i]!);
}

/** An op that ONNX has no nodes for, as those that read weights of other formats: over constants it is one itself. */
function writeConstant(
  node: Node,
  [type]: readonly TensorType[],
  exported: ExportGraph,
  values: ExportValues,
): void {
  const args = node.inputs.map((id) => (id === null ? null : values.constantOf(id)));
  const known = args.filter((arg) => arg !== null);
  if (known.length < args.length || node.outputs.length !== 1)
    throw new MillraceError('MODEL_UNSUPPORTED', `op ${node.op} has no ONNX form`, {
      at: `node "${node.name}"`,
    });
  const constant: Constant = { kind: 'apply', op: node.op, attrs: node.attrs, args: known };
  values.weight(node.outputs[0]!, exported.reserve(node.name), { type: type!, constant });
}
