/**
 * Which permutations nodes would have to move past for their readers' sake. A value wishes for w if it is read
 * through a transpose that would vanish were the value made as v' with v = transpose(v', w): that is the inverse of
 * the transpose's permutation. Wishes travel from readers to producers, through ops that can move.
 *
 * ShuffleNet needs them: the reshape that ends a channel shuffle cannot take what the transpose before it gives, but
 * can be done channels-last as the convolution behind it wants it.
 */
import { type Graph, type Node, type ValueId, valueAt } from '../ir/graph.ts';
import type { TensorType } from '../ir/types.ts';
import { opOf } from '../ops/index.ts';
import {
  compose,
  identityOf,
  inverseOf,
  isIdentity,
  type Permutation,
  permutationsOf,
  samePermutation,
} from './permutation.ts';

/** Up to this rank (720 permutations) all input permutations are tried for one that gives the wished output. */
const MAX_RANK = 6;

/** For each node that could do as its readers wish: the permutation of its inputs to move past. */
export function wishesOf(graph: Graph): Map<Node, Permutation> {
  const wishes = new Map<Node, Permutation>();
  const wanted = new Map<ValueId, Permutation>();
  for (const node of [...graph.nodes].reverse()) {
    const permutation = opOf(node.op).traits.permutation?.(node.attrs);
    const [first] = node.inputs;
    const output = wanted.get(node.outputs[0]!);
    if (permutation !== undefined && first != null) {
      const inverse = inverseOf(permutation);
      want(wanted, first, output === undefined ? inverse : compose(output, inverse));
      continue;
    }
    if (output === undefined || node.outputs.length !== 1) continue;
    const perm = inputPermutation(graph, node, output);
    if (perm === null) continue;
    wishes.set(node, perm);
    for (const id of node.inputs)
      if (id !== null && valueAt(graph, id).type.shape.length === perm.length) want(wanted, id, perm);
  }
  return wishes;
}

/** The reader that comes first has been seen last, and its wish stands. */
function want(wanted: Map<ValueId, Permutation>, id: ValueId, perm: Permutation): void {
  if (isIdentity(perm)) wanted.delete(id);
  else wanted.set(id, perm);
}

/** The permutation of the inputs under which the node's output is transposed by `output`. */
function inputPermutation(graph: Graph, node: Node, output: Permutation): Permutation | null {
  const { permute } = opOf(node.op).traits;
  const [first] = node.inputs;
  if (permute === undefined || first == null) return null;
  const inputs = node.inputs.map((id): TensorType | null => (id === null ? null : valueAt(graph, id).type));
  const outputs = node.outputs.map((id) => valueAt(graph, id).type);
  const gives = (perm: Permutation): boolean => {
    const permuted = permute(node.attrs, perm, inputs, outputs);
    return permuted !== null && samePermutation(permuted.outputs[0]!, output);
  };
  const rank = inputs[0]!.shape.length;
  if (rank === output.length && gives(output)) return output;
  if (rank > MAX_RANK) return null;
  for (const perm of permutationsOf(identityOf(rank))) if (!isIdentity(perm) && gives(perm)) return perm;
  return null;
}
