/** Shapes after layers that move elements: reshape, concat, split, slice, pad, transpose, gather, blocks of pixels. */
import type { Shape } from '../../ir/types.ts';
import type { Add, Divide, Divides, Less, Multiply, Subtract } from './arithmetic.ts';
import type {
  At,
  AxisOf,
  DimAt,
  Mutable,
  Product,
  ReplaceAt,
  Size,
  Unranked,
  Unsized,
} from './dimensions.ts';
import type { All, Fits, Misfit, SameVerdict, Show } from './verdict.ts';

/** The product of the extents that are given, −1 left out. */
type Given<T extends Shape> = number extends T['length']
  ? number
  : T extends readonly [infer First extends number, ...infer Rest extends Shape]
    ? First extends -1
      ? Given<Rest>
      : Multiply<First, Given<Rest>>
    : 1;

/** The new shape with its −1 resolved. */
export type Reshaped<S extends Shape, T extends Shape> = {
  -readonly [K in keyof T]: T[K] extends -1 ? Divide<Product<S>, Given<T>> : T[K] & Size;
};

export type ReshapeVerdict<S extends Shape, T extends Shape> = -1 extends T[number]
  ? DividedVerdict<Product<S> & Size, Given<T> & Size>
  : SameVerdict<Product<S>, Given<T>, `expected ${Product<S>} elements, got ${Given<T>}`>;

type DividedVerdict<All extends number, Known extends number> = All extends Size
  ? Known extends Size
    ? Divides<All, Known> extends false
      ? Misfit<`expected a divisor of ${All} elements, got ${Known}`>
      : Fits
    : never
  : never;

type Shaped = { readonly shape: Shape };

/** Extents along the axis, added up. */
type Together<T extends readonly Shaped[], I extends number, Sum extends number = 0> = T extends readonly [
  infer Head extends Shaped,
  ...infer Rest extends readonly Shaped[],
]
  ? Together<Rest, I, Add<Sum, DimAt<Head['shape'], I>>>
  : T extends readonly []
    ? Sum
    : number;

export type Concatenated<T extends readonly Shaped[], A extends number> = ReplaceAt<
  T[0]['shape'],
  AxisOf<T[0]['shape'], A>,
  Together<T, A>
>;

/** What each tensor must be, given the first: the same but for axis A. */
export type Beside<T extends readonly unknown[], A extends number> = {
  readonly [K in keyof T]: BesideVerdict<T[0], T[K], A>['verdict'];
};

type BesideVerdict<First, Next, A extends number> = First extends {
  readonly dtype: infer D;
  readonly shape: infer S;
}
  ? Next extends { readonly dtype: infer E extends string; readonly shape: infer T }
    ? E extends D
      ? EachVerdict<S, T, AxisOf<S & Shape, A>, `expected ${Show<S>} but for axis ${A}, got ${Show<T>}`>
      : Misfit<`expected ${D & string}, got ${E}`>
    : Fits
  : Fits;

/** Equal ranks, and equal extents, axis I (counted from the front) left out. */
type EachVerdict<
  S,
  T,
  I extends number,
  M extends string,
  Seen extends unknown[] = [],
  V = unknown,
> = S extends readonly [infer X extends number, ...infer Xs extends Shape]
  ? T extends readonly [infer Y extends number, ...infer Ys extends Shape]
    ? EachVerdict<
        Xs,
        Ys,
        I,
        M,
        [...Seen, 0],
        Seen['length'] extends I ? V : V & SameVerdict<X, Y, M>['verdict']
      >
    : T extends readonly []
      ? Misfit<M>
      : Fits
  : S extends readonly []
    ? T extends readonly [number, ...Shape]
      ? Misfit<M>
      : All<V>
    : Fits;

/** Says where a shape contradicts another. */
export type ExpectVerdict<S extends Shape, T extends Shape> = EachVerdict<
  S,
  T,
  never,
  `the shape is ${Show<S>}, not ${Show<T>}`
>;

/** The sizes of a split: a list, or a number of equal parts (a list of that many, if it is small). */
export type SplitSizes<S extends Shape, A extends number, P> = P extends readonly number[]
  ? P
  : P extends number
    ? number extends P
      ? Unranked
      : Equal<Divide<DimAt<S, A>, P>, P>
    : never;

type Equal<Size extends number, Count extends number, Parts extends number[] = []> = Parts['length'] extends
  | Count
  | 64
  ? Parts['length'] extends Count
    ? Parts
    : number[]
  : Equal<Size, Count, [...Parts, Size]>;

export type Total<P, Sum extends number = 0> = P extends readonly [infer First extends number, ...infer Rest]
  ? Total<Rest, Add<Sum, First>>
  : P extends readonly []
    ? Sum
    : number;

export type SplitVerdict<S extends Shape, A extends number, P> = S extends Shape
  ? P extends readonly number[]
    ? SameVerdict<Total<P>, DimAt<S, A>, `expected sizes that add up to ${DimAt<S, A>}, got ${Total<P>}`>
    : P extends number
      ? DividedIntoVerdict<DimAt<S, A> & Size, P & Size>
      : Fits
  : never;

type DividedIntoVerdict<All extends number, Parts extends number> = All extends Size
  ? Parts extends Size
    ? Divides<All, Parts> extends false
      ? Misfit<`expected a divisor of ${All}, got ${Parts}`>
      : Fits
    : never
  : never;

/** begin + size ≤ extent */
export type WithinVerdict<Extent extends number, Begin extends number, N extends number> = Within<
  Extent & Size,
  Begin & Size,
  N & Size
>;

type Within<Extent extends number, Begin extends number, N extends number> = Extent extends Size
  ? Begin extends Size
    ? N extends Size
      ? Less<Extent, Add<Begin, N>> extends true
        ? Misfit<`elements ${Begin} to ${Subtract<Add<Begin, N>, 1>} of an axis of ${Extent}`>
        : Fits
      : never
    : never
  : never;

/** Each extent widened by its begin and end: pads are begins, then ends. */
export type Widened<S extends Shape, P extends Shape> = S extends Shape
  ? number extends S['length'] | P['length']
    ? Unsized<S>
    : Widen<S, P, Halved<P, S['length']>>
  : never;

type Halved<P extends Shape, Rank extends number, Ends extends number[] = []> = Ends['length'] extends Rank
  ? Ends
  : P extends readonly [...infer Rest extends number[], infer Last extends number]
    ? Halved<Rest, Rank, [Last, ...Ends]>
    : Ends;

type Widen<
  S extends Shape,
  P extends Shape,
  Ends extends Shape,
  Out extends number[] = [],
> = S extends readonly [infer X extends number, ...infer Rest extends Shape]
  ? P extends readonly [infer B extends number, ...infer Begins extends Shape]
    ? Ends extends readonly [infer E extends number, ...infer More extends Shape]
      ? Widen<Rest, Begins, More, [...Out, Add<Add<X, B>, E>]>
      : [...Out, ...S]
    : [...Out, ...S]
  : Out;

export type PadVerdict<S extends Shape, P extends Shape> = S extends Shape
  ? number extends S['length'] | P['length']
    ? Fits
    : P['length'] extends Total<[S['length'], S['length']]>
      ? Fits
      : Misfit<`expected ${Total<[S['length'], S['length']]>} numbers, begins then ends, got ${P['length']}`>
  : never;

export type Transposed<S extends Shape, P extends Shape> = S extends Shape
  ? number extends S['length']
    ? Unranked
    : number extends P['length']
      ? Unsized<S>
      : { -readonly [K in keyof P]: DimAt<S, P[K] & number> }
  : never;

/** Each axis of the tensor once. */
export type PermutationVerdict<S extends Shape, P extends Shape> = S extends Shape
  ? number extends S['length'] | P['length'] | P[number]
    ? Fits
    : [P['length'], AxesOf<S, P>, keyof S & `${number}`] extends [
          S['length'],
          keyof S & `${number}`,
          AxesOf<S, P>,
        ]
      ? Fits
      : Misfit<`expected a permutation of the ${S['length']} axes of ${Show<S>}, got ${Show<P>}`>
  : never;

type AxesOf<S extends Shape, P extends Shape> = `${{ [K in keyof P]: AxisOf<S, P[K] & number> }[number]}`;

/** The axis replaced by those of the indices. */
export type Gathered<S extends Shape, T extends Shape, A extends number> = S extends Shape
  ? T extends Shape
    ? number extends S['length'] | T['length']
      ? Unranked
      : Splice<S, T, AxisOf<S, A>>
    : never
  : never;

type Splice<S extends Shape, T extends Shape, I extends number, Kept extends number[] = []> = number extends I
  ? Unranked
  : S extends readonly [infer First extends number, ...infer Rest extends number[]]
    ? Kept['length'] extends I
      ? [...Kept, ...T, ...Rest]
      : Splice<Rest, T, I, [...Kept, First]>
    : Mutable<Kept>;

/** [N, H, W, C·b²] → [N, H·b, W·b, C] */
export type Tall<S extends Shape, B extends number> = {
  shape: [At<S, 0>, Multiply<At<S, 1>, B>, Multiply<At<S, 2>, B>, Divide<At<S, 3>, Multiply<B, B>>];
}['shape'];

/** [N, H·b, W·b, C] → [N, H, W, C·b²] */
export type Wide<S extends Shape, B extends number> = {
  shape: [At<S, 0>, Divide<At<S, 1>, B>, Divide<At<S, 2>, B>, Multiply<At<S, 3>, Multiply<B, B>>];
}['shape'];
