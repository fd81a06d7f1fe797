/**
 * Which permutations nodes should move past, as their readers want it. Take a value v that is read through a transpose.
 * The transpose would vanish if the value were made as v' with v = transpose(v', w). Then w, the inverse of the
 * transpose's permutation, is wanted for v. What is wanted travels from readers to producers, through ops that can move.
 *
 * ShuffleNet needs this. The reshape that ends a channel shuffle cannot take what the transpose before it gives. It can
 * be done channels-last, as the convolution behind it wants it.
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

/** Up to this rank (720 permutations) all input permutations are tried for one that gives the wanted output. */
const MAX_RANK = 6;

/** For each node that can do what its readers want: the permutation of its inputs to move past. */
export function wantedPermutations(graph: Graph): Map<Node, Permutation> {
  const moves = new Map<Node, Permutation>();
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
    moves.set(node, perm);
    for (const id of node.inputs)
      if (id !== null && valueAt(graph, id).type.shape.length === perm.length) want(wanted, id, perm);
  }
  return moves;
}

/** Readers are seen from the last to the first, so the permutation that the first one wants stands. */
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
