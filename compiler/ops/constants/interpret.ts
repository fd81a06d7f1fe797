/**
 * Runs a graph by the ops' reference implementations, node by node: slow, obvious, and so the oracle for whole models,
 * before and after any pass. Intermediate tensors are dropped after their last use.
 */
import { MillraceError } from '../../../runtime/error.ts';
import { type Graph, type ValueId, valueAt } from '../../ir/graph.ts';
import { type Tensor, toNumbers } from '../../ir/tensor.ts';
import { elementCount, formatType, sameType } from '../../ir/types.ts';
import { opOf } from '../index.ts';
import { ConstantReader } from './materialize.ts';

/** Outputs by name, of inputs by name. */
export function interpret(graph: Graph, inputs: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const tensors = new Map<ValueId, Tensor>();
  for (const id of graph.inputs) {
    const { name, type } = valueAt(graph, id);
    const tensor = inputs.get(name);
    if (tensor === undefined || !sameType(tensor.type, type))
      throw new MillraceError('INPUT', 'does not fit the model', {
        at: `input "${name}"`,
        expected: formatType(type),
        got: tensor === undefined ? 'nothing' : formatType(tensor.type),
      });
    tensors.set(id, tensor);
  }
  const reader = new ConstantReader();
  const read = (id: ValueId): Tensor => {
    const known = tensors.get(id);
    if (known !== undefined) return known;
    const { constant, type, name } = valueAt(graph, id);
    if (constant === undefined)
      throw new MillraceError('INTERNAL', 'is read before it is written', { at: name });
    return reader.read({ type, constant });
  };
  const lastUse = new Map<ValueId, number>();
  graph.nodes.forEach((node, step) => {
    for (const id of node.inputs) if (id !== null) lastUse.set(id, step);
  });
  for (const { value } of graph.outputs) lastUse.set(value, graph.nodes.length);
  try {
    graph.nodes.forEach((node, step) => {
      const types = node.outputs.map((id) => valueAt(graph, id).type);
      const given = node.inputs.map((id) => (id === null ? null : read(id)));
      const results = opOf(node.op).evaluate(given, node.attrs, types);
      node.outputs.forEach((id, i) => {
        const result = results[i];
        if (result === undefined || !sameType(result.type, types[i]!))
          throw new MillraceError('INTERNAL', `output ${i} is not what ${node.op} promised`, {
            at: node.name,
            expected: formatType(types[i]!),
            got: result === undefined ? 'nothing' : formatType(result.type),
          });
        tensors.set(id, result);
      });
      for (const id of node.inputs) if (id !== null && lastUse.get(id) === step) tensors.delete(id);
    });
    return new Map(graph.outputs.map(({ name, value }) => [name, trueOf(graph, value, read)]));
  } finally {
    reader.close();
  }
}

/** A result whose shape depends on data, with the shape it has. */
function trueOf(graph: Graph, id: ValueId, read: (id: ValueId) => Tensor): Tensor {
  const tensor = read(id);
  const node = graph.nodes.find(({ op, outputs }) => outputs[0] === id && opOf(op).traits.sized === true);
  if (node === undefined) return tensor;
  const shape = toNumbers(read(node.outputs[1]!));
  return { type: { ...tensor.type, shape }, data: tensor.data.subarray(0, elementCount(shape)) };
}
