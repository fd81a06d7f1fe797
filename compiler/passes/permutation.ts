/** Arithmetic of permutations as `transpose` has them: axis k of the result is axis perm[k] of what is transposed. */
import type { Shape } from '../ir/types.ts';

export type Permutation = readonly number[];

export const identityOf = (rank: number): Permutation => Array.from({ length: rank }, (_, axis) => axis);

export const isIdentity = (perm: Permutation): boolean => perm.every((axis, k) => axis === k);

export const samePermutation = (a: Permutation, b: Permutation): boolean =>
  a.length === b.length && a.every((axis, k) => axis === b[k]);

export const inverseOf = (perm: Permutation): Permutation => perm.map((_, axis) => perm.indexOf(axis));

/** First `first`, then `second`: transpose(transpose(x, first), second) = transpose(x, compose(first, second)). */
export const compose = (first: Permutation, second: Permutation): Permutation =>
  second.map((axis) => first[axis]!);

export const permuteShape = (shape: Shape, perm: Permutation): Shape => perm.map((axis) => shape[axis]!);

/** Names the order in memory: equal for permutations that differ in the places of axes of 1 only. */
export const memoryOrder = (shape: Shape, perm: Permutation): string =>
  perm.filter((axis) => shape[axis] !== 1).join(',');

/** All permutations of these axes in lexicographic order, the identity first; for few axes only. */
export function* permutationsOf(axes: Permutation): Generator<Permutation> {
  if (axes.length === 0) yield [];
  for (const axis of axes)
    for (const rest of permutationsOf(axes.filter((other) => other !== axis))) yield [axis, ...rest];
}
