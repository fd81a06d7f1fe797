/**
 * Nodes with producers before consumers. ONNX asks writers for that order, and not all comply; the file's order is
 * kept as far as possible, so that the layers of a proper file stay in the order people know them in.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { OnnxGraph, OnnxNode } from '../read/schema.ts';

/** The graphs in a node's attributes. */
export const bodiesOf = ({ attributes }: OnnxNode): OnnxGraph[] =>
  [...attributes.values()].flatMap((attribute) => (attribute.kind === 'graph' ? [attribute.value] : []));

/** Names that a node needs: its inputs, and what its bodies take from around them. */
function needs(node: OnnxNode): readonly string[] {
  const bodies = bodiesOf(node);
  return bodies.length === 0 ? node.inputs : [...node.inputs, ...bodies.flatMap(free)];
}

/** Names that a body uses and does not define. */
function free(body: OnnxGraph): string[] {
  const own = new Set([
    ...body.inputs.map(({ name }) => name),
    ...body.initializers.keys(),
    ...body.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const used = [...body.nodes.flatMap((node) => needs(node)), ...body.outputs.map(({ name }) => name)];
  return used.filter((name) => !own.has(name));
}

export function inExecutionOrder(nodes: readonly OnnxNode[]): OnnxNode[] {
  const producers = new Map<string, number>();
  nodes.forEach((node, i) => {
    for (const output of node.outputs) if (output !== '' && !producers.has(output)) producers.set(output, i);
  });
  const needed = nodes.map(needs);
  const ordered: OnnxNode[] = [];
  const state = new Uint8Array(nodes.length);
  const [untouched, open, done] = [0, 1, 2];
  // Depth first with a stack of its own: a chain of a million nodes must not exhaust the call stack.
  const stack: number[] = [];
  for (let root = 0; root < nodes.length; root++) {
    if (state[root] === untouched) stack.push(root);
    while (stack.length > 0) {
      const i = stack[stack.length - 1]!;
      const node = nodes[i]!;
      if (state[i] === untouched) {
        state[i] = open;
        for (let k = needed[i]!.length - 1; k >= 0; k--) {
          const producer = producers.get(needed[i]![k]!);
          if (producer === undefined || state[producer] === done) continue;
          if (state[producer] === open)
            throw new MillraceError('MODEL_INVALID', 'depends on its own result', {
              at: `node "${node.name || node.outputs[0] || node.op}"`,
            });
          stack.push(producer);
        }
        continue;
      }
      stack.pop();
      if (state[i] === open) {
        state[i] = done;
        ordered.push(node);
      }
    }
  }
  return ordered;
}
