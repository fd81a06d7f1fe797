/**
 * Assertions about types that are assertions about values too: what the checker infers for a layer must be exactly
 * what the layer makes, and what the checker refuses must be refused when the network is defined.
 */
import assert from 'node:assert/strict';
import { type AnyTensor, defineModel, type Port, type Tensor, tensor } from 'millrace';
import type { DType, Shape } from '../../../compiler/ir/types.ts';
import { MillraceError } from '../../../runtime/error.ts';

/** Mutually assignable is not enough: `any` would be. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

type Exactly<S, T> = Same<S, T> extends true ? unknown : { readonly inferred: S };

/** `expectType<Tensor<'float32', [1, 56, 56, 64]>>()(x)`: the type of x is this, to the letter. */
export const expectType =
  <T extends AnyTensor>() =>
  <X extends AnyTensor>(x: X & (Same<X, T> extends true ? unknown : { readonly inferred: X })): X =>
    x;

/** The shape that is inferred is, to the letter, the one that is made. */
export function shapeIs<S extends Shape, const T extends number[]>(
  x: Tensor<DType, S>,
  shape: T & Exactly<S, T>,
): void {
  assert.deepEqual(x.shape, shape);
}

/** As `shapeIs`, for shapes that are known in part only: the type is given, and the values. */
export function shapeTyped<T>() {
  return <S extends Shape>(x: Tensor<DType, S> & Exactly<S, T>, shape: Shape): void => {
    assert.deepEqual((x as AnyTensor).shape, shape);
  };
}

/** Both the checker (by `@ts-expect-error` on the line before) and the layer refuse it. */
export const refused = (body: () => unknown): void => {
  assert.throws(body, MillraceError);
};

const port = <const S extends readonly number[]>(shape: S) => tensor('float32', shape);

const inputs = {
  image: port([1, 224, 224, 3]),
  map: port([1, 56, 56, 64]),
  small: port([2, 7, 7, 512]),
  odd: port([1, 13, 27, 32]),
  sequence: port([1, 100, 40]),
  tokens: port([2, 128, 768]),
  vector: port([1, 25088]),
  channels: port([64]),
  ids: tensor('int64', [2, 128]),
  flags: tensor('bool', [2, 128]),
};

type Given = { readonly [K in keyof typeof inputs]: TensorOf<(typeof inputs)[K]> };
type TensorOf<P> = P extends Port<infer D, infer S> ? Tensor<D, S> : never;

/** Runs `body` while a network with one input of each kind is defined. */
export const within = (body: (given: Given) => void): void => {
  defineModel('types', inputs, (given) => {
    body(given);
    return { same: given.image };
  });
};
