/** Shapes of matrix products and reductions. */
import type { Shape } from '../../ir/types.ts';
import type { Broadcast, BroadcastVerdict } from './broadcast.ts';
import type { AxisOf, Size, Unranked, Unsized } from './dimensions.ts';
import type { First, Fits, Misfit, SameVerdict, Show } from './verdict.ts';

/** Whether an option is given as true; `boolean` if it is not known. */
type Flag<O, Name extends string> = O extends { readonly [K in Name]: infer V } ? V : false;

type Rows<S extends Shape, T> = S extends readonly [...Shape, infer X extends number, infer Y extends number]
  ? T extends true
    ? Y
    : T extends false
      ? X
      : number
  : number;

type Columns<S extends Shape, T> = S extends readonly [
  ...Shape,
  infer X extends number,
  infer Y extends number,
]
  ? T extends true
    ? X
    : T extends false
      ? Y
      : number
  : number;

type Batch<S extends Shape> = S extends readonly [...infer Rest extends number[], number, number]
  ? Rest
  : number[];

/** Batched product of the last two axes. */
export type Multiplied<A extends Shape, B extends Shape, O> = A extends Shape
  ? B extends Shape
    ? Broadcast<Batch<A>, Batch<B>> extends infer Stack extends number[]
      ? number extends Stack['length']
        ? Unranked
        : [...Stack, Rows<A, Flag<O, 'transA'>>, Columns<B, Flag<O, 'transB'>>]
      : never
    : never
  : never;

export type ProductVerdict<A extends Shape, B extends Shape, O> = A extends Shape
  ? B extends Shape
    ? number extends A['length'] | B['length']
      ? Fits
      : A['length'] extends 0 | 1
        ? Misfit<`expected matrices, got ${Show<A>}`>
        : B['length'] extends 0 | 1
          ? Misfit<`expected a matrix, got ${Show<B>}`>
          : First<
              InnerVerdict<Columns<A, Flag<O, 'transA'>>, Rows<B, Flag<O, 'transB'>>>,
              BroadcastVerdict<Batch<A>, Batch<B>>
            >
    : never
  : never;

type InnerVerdict<X extends number, Y extends number> = SameVerdict<X, Y, `expected ${X} rows, got ${Y}`>;

/** [..., C] → [..., units] */
export type Projected<S extends Shape, Units extends number> = S extends readonly [
  ...infer Rest extends number[],
  number,
]
  ? [...Rest, Units & Size]
  : number[];

/** Axes as indices from the front, a union. */
type Reduced<S extends Shape, A> = A extends number
  ? AxisOf<S, A>
  : A extends readonly number[]
    ? { [K in keyof A]: AxisOf<S, A[K] & number> }[number]
    : number;

/** The shape after a reduction over one axis or several. */
export type Reduction<S extends Shape, A, O> = S extends Shape
  ? number extends S['length']
    ? Unranked
    : O extends { readonly keepDims: infer Keep }
      ? Keep extends true
        ? Ones<S, Reduced<S, A>>
        : Keep extends false
          ? Without<S, Reduced<S, A>>
          : number[]
      : Ones<S, Reduced<S, A>>
  : never;

type Ones<S extends Shape, I extends number> = number extends I
  ? Unsized<S>
  : { -readonly [K in keyof S]: K extends `${I}` ? 1 : S[K] };

type Without<
  S extends Shape,
  I extends number,
  Seen extends unknown[] = [],
  Kept extends number[] = [],
> = number extends I
  ? Unranked
  : S extends readonly [infer X extends number, ...infer Rest extends Shape]
    ? Without<Rest, I, [...Seen, 0], Seen['length'] extends I ? Kept : [...Kept, X]>
    : Kept;

export type AxesVerdict<S extends Shape, A> = S extends Shape
  ? number extends S['length']
    ? Fits
    : A extends number
      ? OneAxisVerdict<S, A>
      : A extends readonly [infer X extends number, ...infer Rest]
        ? First<OneAxisVerdict<S, X>, AxesVerdict<S, Rest>>
        : Fits
  : never;

type OneAxisVerdict<S extends Shape, A extends number> = [AxisOf<S, A>] extends [never]
  ? Misfit<`no axis ${A} in ${Show<S>}`>
  : Fits;

/** Of what a dense layer multiplies: a batch of rows at least. */
export type MatrixVerdict<S extends Shape> = S extends Shape
  ? S['length'] extends 0 | 1
    ? Misfit<'expected [batch, …, channels]'>
    : Fits
  : never;
