/**
 * Output sizes of sliding windows: convolutions, transposed ones and pools over [batch, …spatial, channels]. The
 * formulas are those of `compiler/ops/lowering/window.ts`, on types.
 */
import type { Shape } from '../../ir/types.ts';
import type { Add, DivideShifted, Divides, DivideUp, Less, Multiply, Subtract } from './arithmetic.ts';
import type { At, LastOf, RankVerdict, Size } from './dimensions.ts';
import type { First, Fits, Misfit } from './verdict.ts';

/** One number for every spatial dimension, or one each. */
export type PerAxis = number | readonly number[];

/**
 * `same`: output ⌈input / stride⌉, the odd pixel of padding at the end. `valid`: none. A number: on every side.
 * A list: one for each axis ([height, width]), or begins, then ends ([top, left, bottom, right]).
 */
export type Padding = 'same' | 'valid' | PerAxis;

/** A sliding window; sizes in rows and columns. */
export interface WindowOptions {
  readonly kernel: PerAxis;
  readonly stride?: PerAxis;
  readonly dilation?: PerAxis;
  readonly padding?: Padding;
  /** Keep a last window that is only partly inside (pools). */
  readonly ceil?: boolean;
}

/** An option's value for a spatial axis; `Default` where the option is not given. */
type ForAxis<O, Name extends string, Axis extends 0 | 1, Default extends number> = O extends {
  readonly [K in Name]: infer V;
}
  ? V extends number
    ? V
    : V extends readonly number[]
      ? V[Axis]
      : Default
  : Default;

/** Elements before and after an axis: [begin, end]. */
type Pads<P, Axis extends 0 | 1, Spatial extends 1 | 2> = P extends number
  ? [P, P]
  : P extends readonly number[]
    ? Spatial extends 1
      ? P['length'] extends 2
        ? [P[0], P[1]]
        : [P[0], P[0]]
      : P['length'] extends 4
        ? [P[Axis], P[Axis extends 0 ? 2 : 3]]
        : [P[Axis], P[Axis]]
    : [0, 0];

type PaddingOf<O> = O extends { readonly padding: infer P } ? P : 'valid';

/** Extent of the dilated kernel. */
type Reach<Kernel extends number, Dilation extends number> = Kernel extends 1
  ? 1
  : Add<Multiply<Dilation, Subtract<Kernel, 1>>, 1>;

/** Begin and end together. */
type Around<P> = P extends [infer B extends number, infer E extends number] ? Add<B, E> : number;

type CeilOf<O> = O extends { readonly ceil: infer C } ? C : false;

type ReachOf<O, Axis extends 0 | 1> = Reach<
  ForAxis<O, 'kernel', Axis, number>,
  ForAxis<O, 'dilation', Axis, 1>
>;

/** Output extent of one axis. */
type Slide<I extends number, O, Axis extends 0 | 1, Spatial extends 1 | 2, Stride extends number> =
  PaddingOf<O> extends infer P
    ? P extends 'same'
      ? DivideUp<I, Stride>
      : Steps<I, Pads<P, Axis, Spatial>, ReachOf<O, Axis>, Stride, CeilOf<O>>
    : never;

type Steps<I extends number, P, Reach extends number, Stride extends number, Ceil> = Ceil extends false
  ? Windows<I, Add<Around<P>, Stride>, Reach, Stride>
  : Ceil extends true
    ? Begun<
        Subtract<Windows<I, Add<Around<P>, Add<Stride, Subtract<Stride, 1>>>, Reach, Stride>, 1>,
        Stride,
        Add<I, BeginOf<P>>
      >
    : number;

/** ⌊(input + plus − reach) / stride⌋, plus being the padding and one stride: the first window. */
type Windows<I extends number, Plus extends number, Reach extends number, Stride extends number> = [
  Stride,
  Plus,
  Reach,
] extends [1, Reach, Plus]
  ? number extends Reach
    ? number
    : I
  : DivideShifted<I, Plus, Reach, Stride>;

type BeginOf<P> = P extends [infer B extends number, ...unknown[]] ? B : number;

/** In ceil mode window `Last` counts only if it begins inside the image or its begin padding. */
type Begun<Last extends number, Stride extends number, Inside extends number> =
  Less<Multiply<Last, Stride>, Inside> extends infer Fits
    ? Fits extends true
      ? Add<Last, 1>
      : Fits extends false
        ? Last
        : number
    : never;

/**
 * Shape after a window with `Channels` output channels. `Strides`: what the stride is where it is not given. A tuple by
 * construction, not by inference from S: in a general block, where S is open, its rank is known all the same. And looked up as a
 * property, not named directly, so that it is shown as what it is: [1, 56, 56, 64], not Windowed2<…>.
 */
export type Windowed1<
  S extends Shape,
  O,
  Channels extends number,
  Strides extends 'one' | 'kernel' = 'one',
> = {
  shape: [At<S, 0>, Slide<At<S, 1>, O, 0, 1, StrideOf<O, 0, Strides>>, Channels & Size];
}['shape'];

export type Windowed2<
  S extends Shape,
  O,
  Channels extends number,
  Strides extends 'one' | 'kernel' = 'one',
> = {
  shape: [
    At<S, 0>,
    Slide<At<S, 1>, O, 0, 2, StrideOf<O, 0, Strides>>,
    Slide<At<S, 2>, O, 1, 2, StrideOf<O, 1, Strides>>,
    Channels & Size,
  ];
}['shape'];

type StrideOf<O, Axis extends 0 | 1, Default extends 'one' | 'kernel'> = ForAxis<
  O,
  'stride',
  Axis,
  Default extends 'one' ? 1 : ForAxis<O, 'kernel', Axis, number>
>;

export type SpatialVerdict<S extends Shape, Spatial extends 1 | 2> = Spatial extends 1
  ? RankVerdict<S, 3, '[batch, length, channels]'>
  : RankVerdict<S, 4, '[batch, height, width, channels]'>;

/** Says where the kernel does not fit into the padded image. */
export type WindowVerdict<S extends Shape, O, Spatial extends 1 | 2> = Spatial extends 1
  ? S extends readonly [number, infer L extends number, number]
    ? AxisVerdict<L, O, 0, 1>
    : Fits
  : S extends readonly [number, infer H extends number, infer W extends number, number]
    ? First<AxisVerdict<H, O, 0, 2>, AxisVerdict<W, O, 1, 2>>
    : Fits;

type AxisVerdict<I extends number, O, Axis extends 0 | 1, Spatial extends 1 | 2> =
  PaddingOf<O> extends infer P
    ? P extends 'same'
      ? Fits
      : ReachVerdict<Add<I, Around<Pads<P, Axis, Spatial>>> & Size, ReachOf<O, Axis> & Size>
    : never;

type ReachVerdict<Room extends number, Reach extends number> = Room extends Size
  ? Reach extends Size
    ? Less<Room, Reach> extends true
      ? Misfit<`a window of ${Reach} does not fit into ${Room}`>
      : Fits
    : never
  : never;

/** Channels that come in groups. */
export type GroupsVerdict<S extends Shape, O> = O extends { readonly groups: infer G extends number }
  ? First<
      DividesVerdict<LastOf<S>, G, 'channels'>,
      O extends { readonly filters: infer F extends number } ? DividesVerdict<F, G, 'filters'> : Fits
    >
  : Fits;

export type DividesVerdict<N extends number, G extends number, What extends string> = Multiples<
  N & Size,
  G & Size,
  What
>;

type Multiples<N extends number, G extends number, What extends string> = N extends Size
  ? G extends Size
    ? Divides<N, G> extends false
      ? Misfit<`expected a multiple of ${G} ${What}, got ${N}`>
      : Fits
    : never
  : never;

/** (input − 1)·stride + reach − padding + outputPadding, by axis. */
type Spread<I extends number, O, Axis extends 0 | 1> =
  PaddingOf<O> extends infer P
    ? P extends 'same'
      ? Multiply<I, ForAxis<O, 'stride', Axis, 1>>
      : DivideShifted<
          Multiply<I, ForAxis<O, 'stride', Axis, 1>>,
          Add<ReachOf<O, Axis>, ForAxis<O, 'outputPadding', Axis, 0>>,
          Add<ForAxis<O, 'stride', Axis, 1>, Around<Pads<P, Axis, 2>>>,
          1
        >
    : never;

/** Shape after a transposed convolution. */
export type Spreaded<S extends Shape, O, Channels extends number> = {
  shape: [At<S, 0>, Spread<At<S, 1>, O, 0>, Spread<At<S, 2>, O, 1>, Channels & Size];
}['shape'];
