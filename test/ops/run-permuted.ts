/** The `permute` trait, checked by what it promises: op(transpose(x', perm)) = transpose(op'(x'), perm'). */
import assert from 'node:assert/strict';
import type { Attrs } from '../../compiler/ir/constant.ts';
import { type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { opOf, signatures } from '../../compiler/ops/index.ts';
import { assertClose, runOp, typeOf } from './run-op.ts';

export function permutations(rank: number): number[][] {
  if (rank === 0) return [[]];
  return permutations(rank - 1).flatMap((rest) =>
    Array.from({ length: rank }, (_, at) => [...rest.slice(0, at), rank - 1, ...rest.slice(at)]),
  );
}

const transpose = (x: Tensor, perm: readonly number[]): Tensor => runOp('transpose', [x], { perm })[0]!;

/** `inputs` are those of the op; the ones the trait wants un-transposed are brought back by the inverse of perm. */
export function checkPermuted(
  op: string,
  inputs: readonly Tensor[],
  attrs: Attrs,
  perm: readonly number[],
): void {
  const complete = signatures.complete(op, attrs);
  const types = inputs.map(typeOf);
  const outputs = signatures.infer(op, types, complete);
  const permuted = opOf(op).traits.permute!(complete, perm, types, outputs);
  assert.ok(permuted, `${op} does not move [${perm}]`);
  const inverse = perm.map((_, axis) => perm.indexOf(axis));
  const moved = inputs.map((input, i) => (permuted.inputs[i] === 'same' ? transpose(input, inverse) : input));
  const expected = runOp(op, inputs, attrs);
  const actual = runOp(op, moved, permuted.attrs).map((y, i) => transpose(y, permuted.outputs[i]!));
  assert.deepEqual(actual.map(typeOf), expected.map(typeOf), `${op} [${perm}]`);
  actual.forEach((y, i) => {
    assertClose(toNumbers(y), toNumbers(expected[i]!), 1e-5, `${op} [${perm}] ${JSON.stringify(attrs)}`);
  });
}
