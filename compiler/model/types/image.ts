/** Shapes that layers over images [batch, height, width, channels] make, and what they ask of them. */
import type { Shape } from '../../ir/types.ts';
import type { Multiply } from './arithmetic.ts';
import type { At, LastOf, Product, Trailing } from './dimensions.ts';
import type { Fits, Misfit, Show } from './verdict.ts';

/** Filters of a depthwise convolution for each channel. */
export type Multiplier<O> = O extends { readonly multiplier: infer M extends number } ? M : 1;

/** [N, …spatial, C] → [N, C], or [N, …1, C]. */
export type Pooled<S extends Shape, O> = O extends { readonly keepDims: infer Keep }
  ? Keep extends true
    ? Kept<S>
    : [At<S, 0>, LastOf<S>]
  : [At<S, 0>, LastOf<S>];

type Kept<S extends Shape> = S extends readonly [
  infer N extends number,
  ...infer Spatial extends Shape,
  infer C extends number,
]
  ? [N, ...{ -readonly [K in keyof Spatial]: 1 }, C]
  : number[];

export type ImageVerdict<S extends Shape> = S extends Shape
  ? S['length'] extends 0 | 1 | 2
    ? Misfit<`expected [batch, …spatial, channels], got ${Show<S>}`>
    : Fits
  : never;

/** [N, H, W, C] → [N, H', W', C]. */
export type Resized<S extends Shape, O> = {
  shape: [At<S, 0>, ResizedAxis<At<S, 1>, O, 0>, ResizedAxis<At<S, 2>, O, 1>, At<S, 3>];
}['shape'];

type ResizedAxis<N extends number, O, Axis extends 0 | 1> = O extends {
  readonly size: infer Size extends readonly number[];
}
  ? Size[Axis]
  : O extends { readonly scale: infer K }
    ? K extends number
      ? Multiply<N, K>
      : K extends readonly number[]
        ? Multiply<N, K[Axis]>
        : number
    : number;

export type ResizeVerdict<O> = O extends { readonly size: unknown } | { readonly scale: unknown }
  ? Fits
  : Misfit<'expected a size or a scale'>;

/** [N, …] → [N, rest]. */
export type Flattened<S extends Shape> = S extends readonly [infer N extends number, ...Shape]
  ? [N, Product<Trailing<S>>]
  : [number, number];
