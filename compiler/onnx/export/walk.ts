/** Graph to draft, node by node in execution order; transposes and identities are no nodes, but orders and names. */
import { MillraceError } from '../../../runtime/error.ts';
import type { Constant } from '../../ir/constant.ts';
import { type Graph, type Node, valueAt } from '../../ir/graph.ts';
import type { TensorType } from '../../ir/types.ts';
import { opOf } from '../../ops/index.ts';
import { arrange } from './arrange.ts';
import { NodeExport } from './context.ts';
import { Draft } from './draft.ts';
import { exporterOf } from './mapping/index.ts';
import { Orders, plainOrder } from './orders.ts';

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
  if (exporter === undefined) {
    writeConstant(node, types, draft, orders);
    return;
  }
  const { arrangement, emit } = arrange(node, op, exporter, types, orders);
  const tensors = emit(new NodeExport(node, opset, types, arrangement, draft, orders));
  for (const [i, id] of node.outputs.entries())
    orders.made(id, types[i]!, tensors[i]!, arrangement.outputs[i]!);
}

/** An op that ONNX has no nodes for, as those that read weights of other formats: over constants it is one itself. */
function writeConstant(node: Node, [type]: readonly TensorType[], draft: Draft, orders: Orders): void {
  const args = node.inputs.map((id) => (id === null ? null : orders.constantOf(id)));
  const known = args.filter((arg) => arg !== null);
  if (known.length < args.length || node.outputs.length !== 1)
    throw new MillraceError('MODEL_UNSUPPORTED', `op ${node.op} has no ONNX form`, {
      at: `node "${node.name}"`,
    });
  const constant: Constant = { kind: 'apply', op: node.op, attrs: node.attrs, args: known };
  orders.weight(node.outputs[0]!, draft.reserve(node.name), { type: type!, constant });
}
