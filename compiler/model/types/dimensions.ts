/**
 * Shapes as tuples: axes, products, replacements. Invariant: a function of a shape whose rank is not known gives
 * `number[]`, one of a shape of known rank keeps the rank.
 */
import type { DType, Shape } from '../../ir/types.ts';
import type { Multiply } from './arithmetic.ts';
import type { Fits, Misfit, Show } from './verdict.ts';

/** Without `readonly`, as all shapes in tensor types are. */
export type Mutable<S extends Shape> = { -readonly [K in keyof S]: S[K] & Size };

/**
 * Shapes of which nothing, or the rank alone, is known. They have names because in the true branch of `number extends
 * S['length'] ? number[] : …` the checker narrows the very word `number`, while S is open, to what it is compared with.
 */
export type Unranked = number[];
/**
 * `N extends Size ? … : never` is always true; it makes the checker judge an open N by its bound (`number`: fits
 * everything) instead of expecting the worst. Every verdict on sizes begins with it, and is given `N & Size`: of an
 * intersection the bound is found in one step, however N was computed.
 */
export type Size = number;
export type Unsized<S extends Shape> = { -readonly [K in keyof S]: number };

/** [batch, height, width, channels] of any size: the bound for blocks that take images. */
export type Image = [number, number, number, number];
/** [batch, length, channels] of any size: the bound for blocks that take sequences. */
export type Sequence = [number, number, number];

/** FromEnd[`-${k}`][rank] is the axis. */
interface FromEnd {
  '-1': [never, 0, 1, 2, 3, 4, 5, 6, 7];
  '-2': [never, never, 0, 1, 2, 3, 4, 5, 6];
  '-3': [never, never, never, 0, 1, 2, 3, 4, 5];
  '-4': [never, never, never, never, 0, 1, 2, 3, 4];
  '-5': [never, never, never, never, never, 0, 1, 2, 3];
  '-6': [never, never, never, never, never, never, 0, 1, 2];
  '-7': [never, never, never, never, never, never, never, 0, 1];
  '-8': [never, never, never, never, never, never, never, never, 0];
}

/** The axis counted from the front; `number` where it is not known, never where there is none. */
export type AxisOf<S extends Shape, A extends number> = number extends S['length'] | A
  ? number
  : `${A}` extends keyof FromEnd
    ? S['length'] extends keyof FromEnd[`${A}`]
      ? FromEnd[`${A}`][S['length']] & number
      : number
    : `${A}` extends keyof S
      ? A
      : never;

export type AxisVerdict<S extends Shape, A extends number> = S extends Shape
  ? [AxisOf<S, A>] extends [never]
    ? Misfit<`no axis ${A} in ${Show<S>}`>
    : Fits
  : never;

/**
 * Extent of an axis that is there. The intersection changes no size; it keeps an open one bound by `number`, of which
 * the checker loses sight where it compares an open tuple as a whole.
 */
export type At<S extends Shape, A extends number> = S[A] & Size;

/** Extent of an axis. Those from the front are looked up and no more: they are known of an open shape too. */
export type DimAt<S extends Shape, A extends number> = A extends -1
  ? LastOf<S>
  : `${A}` extends `-${string}`
    ? FromBack<S, A>
    : At<S, A>;

type FromBack<S extends Shape, A extends number> = S extends Shape
  ? `${AxisOf<S, A> & number}` extends infer K extends keyof S
    ? S[K] & number
    : number
  : never;

export type LastOf<S extends Shape> = (S extends readonly [...unknown[], infer Last] ? Last : number) & Size;

/** All but the last. */
export type Leading<S extends Shape> = S extends readonly [...infer Rest extends number[], number]
  ? Rest
  : number[];

/** All but the first. */
export type Trailing<S extends Shape> = S extends readonly [number, ...infer Rest extends number[]]
  ? Rest
  : number[];

/** The shape with another extent at an axis counted from the front. An axis that is not known may be any. */
export type ReplaceAt<S extends Shape, I extends number, V extends number> = {
  -readonly [K in keyof S]: K extends `${I}` ? (number extends I ? number : V) : S[K] & Size;
};

/** The shape with another extent at an axis. */
export type WithDim<S extends Shape, A extends number, V extends number> = S extends Shape
  ? ReplaceAt<S, AxisOf<S, A>, V>
  : never;

/** The shape with one axis (counted from the front) fewer. */
export type RemoveAt<S extends Shape, I extends number, Kept extends number[] = []> = number extends
  | I
  | S['length']
  ? Unranked
  : S extends readonly [infer First extends number, ...infer Rest extends number[]]
    ? Kept['length'] extends I
      ? [...Kept, ...Rest]
      : RemoveAt<Rest, I, [...Kept, First]>
    : Kept;

/** The shape with an axis of extent V more, before axis I. */
export type InsertAt<
  S extends Shape,
  I extends number,
  V extends number,
  Kept extends number[] = [],
> = number extends I | S['length']
  ? Unranked
  : Kept['length'] extends I
    ? [...Kept, V, ...S]
    : S extends readonly [infer First extends number, ...infer Rest extends number[]]
      ? InsertAt<Rest, I, V, [...Kept, First]>
      : [...Kept, V];

export type Product<S extends Shape> = number extends S['length']
  ? number
  : S extends readonly [infer First extends number, ...infer Rest extends Shape]
    ? Multiply<First, Product<Rest>>
    : 1;

/** Rank as the layer needs it: `expected [batch, height, width, channels], got [1, 1000]`. */
export type RankVerdict<S extends Shape, Rank extends number, Wanted extends string> = S extends Shape
  ? number extends S['length']
    ? Fits
    : S['length'] extends Rank
      ? Fits
      : Misfit<`expected ${Wanted}, got ${Show<S>}`>
  : never;

export type DTypeVerdict<Given extends DType, Wanted extends DType> = [Given] extends [Wanted]
  ? Fits
  : Misfit<`expected ${Wanted}, got ${Given}`>;
