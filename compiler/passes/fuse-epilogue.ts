/**
 * An activation becomes the epilogue of the node whose result it is applied to. The kernel then applies it to each result
 * while that is in a register. This saves reading and writing the whole tensor again.
 */
import type { Node } from '../ir/graph.ts';
import { isFloat } from '../ir/types.ts';
import { type OpRewrite, opOf, rewriteOf } from '../ops/index.ts';
import type { Pass } from './pass.ts';

export const fuseEpilogue: Pass = {
  name: 'fuse-epilogue',
  why: 'an activation costs nothing in the kernel that makes its input, and a pass over memory alone',
  run(graph) {
    const rewrite = rewriteOf(graph);
    for (const node of rewrite.nodes()) fuse(rewrite, node);
    return rewrite.graph();
  },
};

/** Whether the node can still be given an epilogue. Integer arithmetic has the attributes, but no kernel applies them. */
export const epilogueIsFree = (rewrite: OpRewrite, node: Node): boolean =>
  opOf(node.op).traits.epilogue === true &&
  node.attrs['act'] === 'none' &&
  node.outputs.length === 1 &&
  isFloat(rewrite.type(node.outputs[0]!).dtype);

function fuse(rewrite: OpRewrite, node: Node): void {
  const activation = opOf(node.op).traits.activation?.(node.attrs);
  if (!activation) return;
  // An activation commutes with what only reorders elements: it may reach through views and transposes.
  let reader = node;
  let producer = onlyProducer(rewrite, reader);
  while (producer !== null && reorders(producer)) {
    reader = producer;
    producer = onlyProducer(rewrite, reader);
  }
  if (producer === null || !epilogueIsFree(rewrite, producer)) return;
  const { fn, alpha, beta } = activation;
  rewrite.update(producer, producer.inputs, { ...producer.attrs, act: fn, alpha, beta });
  rewrite.redirect(node.outputs[0]!, node.inputs[0]!);
  rewrite.remove(node);
}

/** The node that makes the first input, if nobody else reads that. */
function onlyProducer(rewrite: OpRewrite, node: Node): Node | null {
  const [x] = node.inputs;
  return x != null && rewrite.onlyConsumer(x) === node ? rewrite.producer(x) : null;
}

function reorders({ op, outputs }: Node): boolean {
  const { view, permutation } = opOf(op).traits;
  return (view === true || permutation !== undefined) && outputs.length === 1;
}
