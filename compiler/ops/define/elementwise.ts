/** What elementwise ops have in common: how they move past a transpose, and what they cost. */
import type { Attrs } from '../../ir/constant.ts';
import { byteLength, elementCount, type TensorType } from '../../ir/types.ts';
import type { Cost } from './lowering.ts';
import type { Permuted } from './traits.ts';

/**
 * Elementwise ops commute with a permutation of all their inputs. One-element inputs have nothing to permute; the
 * others are permuted alike, those of lower rank after leading 1s. An output of higher rank than the permutation
 * (the transposed input itself is broadcast) is left alone.
 */
export function permuteElementwise<A extends Attrs>(
  attrs: A,
  perm: readonly number[],
  inputs: readonly (TensorType | null)[],
  outputs: readonly TensorType[],
): Permuted<A> | null {
  if (outputs.some((output) => output.shape.length !== perm.length)) return null;
  return {
    attrs,
    inputs: inputs.map((input) => (input === null || elementCount(input.shape) === 1 ? 'keep' : 'same')),
    outputs: outputs.map(() => perm),
  };
}

/** Bytes read and written by an op that reads each input once and writes each output once. */
export function trafficOf(inputs: readonly (TensorType | null)[], outputs: readonly TensorType[]): number {
  let bytes = 0;
  for (const type of [...inputs, ...outputs]) if (type !== null) bytes += byteLength(type);
  return bytes;
}

/** One operation per output element. */
export const elementwiseCost = (
  inputs: readonly (TensorType | null)[],
  outputs: readonly TensorType[],
): Cost => ({
  flops: outputs.reduce((sum, output) => sum + elementCount(output.shape), 0),
  bytes: trafficOf(inputs, outputs),
});

/** No arithmetic: elements are only moved. */
export const movementCost = (
  inputs: readonly (TensorType | null)[],
  outputs: readonly TensorType[],
): Cost => ({ flops: 0, bytes: trafficOf(inputs, outputs) });

/** Moving views costs nothing. */
export const noCost = (): Cost => ({ flops: 0, bytes: 0 });
