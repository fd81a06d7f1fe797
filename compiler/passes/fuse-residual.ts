/**
 * The addition at the end of a residual block becomes an operand of the convolution (or product) before it:
 *
 *   %c = conv(%x, %w, %b)
 *   %skip = …                            becomes   %skip = …
 *   %sum = add(%c, %skip)                          %c = conv(%x, %w, %b, %skip)
 *
 * The convolution moves to the addition's place, where %skip exists. Where both operands are convolutions the later
 * one takes the other as its residual, so that nothing moves further than it must.
 */
import type { Node, ValueId } from '../ir/graph.ts';
import { sameType } from '../ir/types.ts';
import { type OpRewrite, opOf, rewriteOf } from '../ops/index.ts';
import { epilogueIsFree } from './fuse-epilogue.ts';
import type { Pass } from './pass.ts';

export const fuseResidual: Pass = {
  name: 'fuse-residual',
  why: 'the sum of a residual block costs one read in the kernel before it, and a pass over memory alone',
  run(graph) {
    const rewrite = rewriteOf(graph);
    const nodes = rewrite.nodes();
    // Places in the order before any move; a fused node stands where its addition stood.
    const places = new Map<ValueId, number>(nodes.map((node, i) => [node.outputs[0]!, i]));
    nodes.forEach((node, place) => {
      const producer = candidate(rewrite, node, places);
      if (producer === null) return;
      const [made] = producer.outputs as [ValueId];
      const { residual } = opOf(producer.op).traits.linear!;
      const inputs = [...producer.inputs];
      while (inputs.length <= residual!) inputs.push(null);
      inputs[residual!] = node.inputs.find((id) => id !== made)!;
      const { act, alpha, beta } = node.attrs;
      rewrite.moveBefore(producer, node);
      rewrite.update(producer, inputs, { ...producer.attrs, act: act!, alpha: alpha!, beta: beta! });
      rewrite.redirect(node.outputs[0]!, made);
      rewrite.remove(node);
      places.set(made, place);
    });
    return rewrite.graph();
  },
};

/** The linear node that the addition can be fused into: of two, the one that comes later. */
function candidate(rewrite: OpRewrite, node: Node, places: ReadonlyMap<ValueId, number>): Node | null {
  if (opOf(node.op).traits.addition !== true) return null;
  const type = rewrite.type(node.outputs[0]!);
  const [a, b] = node.inputs as [ValueId, ValueId];
  if (!sameType(rewrite.type(a), type) || !sameType(rewrite.type(b), type)) return null;
  const producers = [a, b].flatMap((id) => {
    const producer = rewrite.producer(id);
    return producer !== null && takesResidual(rewrite, producer, node) ? [producer] : [];
  });
  const place = (producer: Node): number => places.get(producer.outputs[0]!)!;
  return producers.sort((p, q) => place(q) - place(p))[0] ?? null;
}

function takesResidual(rewrite: OpRewrite, producer: Node, addition: Node): boolean {
  const residual = opOf(producer.op).traits.linear?.residual;
  return (
    residual !== undefined &&
    producer.inputs[residual] == null &&
    epilogueIsFree(rewrite, producer) &&
    rewrite.onlyConsumer(producer.outputs[0]!) === addition
  );
}
