/**
 * Broadcasting as NumPy has it: shapes are aligned at their last axes, and an extent of 1 is repeated. Where one
 * extent is not known and the other is neither unknown nor 1, the result is the known one: nothing else can fit.
 */
import type { DType } from '../../ir/types.ts';
import type { Size, Unranked } from './dimensions.ts';
import type { All, Fits, Misfit, Show } from './verdict.ts';

export type Broadcast<A, B, Merged extends number[] = []> = A extends readonly [
  ...infer As extends number[],
  infer X extends number,
]
  ? B extends readonly [...infer Bs extends number[], infer Y extends number]
    ? Broadcast<As, Bs, [Wider<X, Y>, ...Merged]>
    : B extends readonly []
      ? [...As, X, ...Merged]
      : Unranked
  : A extends readonly []
    ? B extends readonly [infer Y extends number, ...infer Bs extends number[]]
      ? [Y, ...Bs, ...Merged]
      : B extends readonly []
        ? Merged
        : Unranked
    : Unranked;

/** The inference at the end bounds the result by `number` also while X and Y are open. */
type Wider<X extends number, Y extends number> = [
  number extends X ? (Y extends 1 ? X : Y) : number extends Y ? (X extends 1 ? Y : X) : X extends 1 ? Y : X,
] extends [infer Extent extends number]
  ? Extent
  : number;

/** Says at the second operand what does not fit the first. */
export type BroadcastVerdict<A, B> = EachAxis<A, B, Message<A, B>>;

type EachAxis<A, B, M extends string, V = unknown> = A extends readonly [
  ...infer As extends number[],
  infer X extends number,
]
  ? B extends readonly [...infer Bs extends number[], infer Y extends number]
    ? EachAxis<As, Bs, M, V & MeetVerdict<X & Size, Y & Size, M>['verdict']>
    : All<V>
  : All<V>;

type MeetVerdict<X extends number, Y extends number, M extends string> = X extends Size
  ? Y extends Size
    ? Meets<X, Y> extends true
      ? Fits
      : Misfit<M>
    : never
  : never;

type Meets<X extends number, Y extends number> = number extends X
  ? true
  : number extends Y
    ? true
    : X extends Y | 1
      ? true
      : Y extends 1
        ? true
        : false;

/** Images that differ in their channels only are told so; other shapes are shown whole. */
type Message<A, B> = A extends readonly [
  ...infer As extends [number, number, ...number[]],
  infer X extends number,
]
  ? B extends readonly [...infer Bs extends number[], infer Y extends number]
    ? AllMeet<As, Bs> extends true
      ? `expected ${X} channels, got ${Y}`
      : `${Show<B>} does not broadcast with ${Show<A>}`
    : string
  : `${Show<B>} does not broadcast with ${Show<A>}`;

type AllMeet<A, B> = A extends readonly [...infer As extends number[], infer X extends number]
  ? B extends readonly [...infer Bs extends number[], infer Y extends number]
    ? Meets<X, Y> extends true
      ? AllMeet<As, Bs>
      : false
    : true
  : true;

/** Both operands of one dtype, and shapes that broadcast. */
export type OperandVerdict<D, A, E, B> = [E] extends [D]
  ? BroadcastVerdict<A, B>
  : Misfit<`expected ${D & string}, got ${E & string}`>;

// Asked of one property each: whether all of an open tensor fits `Tensor<…>` is not known before it is closed.
/** Of an operand: a number has no dimensions. */
export type ShapeOf<T> = T extends { readonly shape: infer S } ? S : [];
/** That of the tensor among two operands. */
export type DTypeOf<A, B> = A extends { readonly dtype: infer D extends DType }
  ? D
  : B extends { readonly dtype: infer E extends DType }
    ? E
    : 'float32';

/** What the second operand must be, given the first. */
export type ArithmeticVerdict<A, B> = A extends number
  ? Fits
  : B extends number
    ? Fits
    : OperandVerdict<DTypeOf<A, B>, ShapeOf<A>, DTypeOf<B, A>, ShapeOf<B>>;
