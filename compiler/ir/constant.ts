/**
 * Constants are recipes: they say where the elements come from, and are evaluated a slice at a time by whoever
 * needs elements (`ops/materialize.ts`). A graph of a 10 GB model is therefore a few kilobytes.
 *
 *   inline   the bytes themselves: small things only (shapes, biases, scalars)
 *   splat    one value everywhere
 *   file     a byte range of a file, little-endian, row-major, of the value's dtype
 *   random   element i is a pure function of (seed, i): any slice can be produced alone (`ops/materialize.ts`)
 *   apply    an op of the op list over other recipes, such as a batch-norm-folded kernel: mul(w, scale)
 */
import type { TensorType } from './types.ts';

export type AttrValue = number | string | boolean | readonly number[] | readonly string[];
export type Attrs = Readonly<Record<string, AttrValue>>;

export interface InlineConstant {
  readonly kind: 'inline';
  /** Row-major little-endian elements. */
  readonly bytes: Uint8Array;
}
export interface SplatConstant {
  readonly kind: 'splat';
  readonly value: number;
}
export interface FileConstant {
  readonly kind: 'file';
  readonly path: string;
  /** Byte offset of the first element. */
  readonly offset: number;
}
export interface RandomConstant {
  readonly kind: 'random';
  readonly distribution: 'normal' | 'uniform';
  /** Unsigned 32-bit. */
  readonly seed: number;
  readonly mean: number;
  /** Standard deviation of `normal`, half width of `uniform`. */
  readonly scale: number;
}
export interface ApplyConstant {
  readonly kind: 'apply';
  readonly op: string;
  readonly attrs: Attrs;
  readonly args: readonly TypedConstant[];
}
export type Constant = InlineConstant | SplatConstant | FileConstant | RandomConstant | ApplyConstant;

export interface TypedConstant {
  readonly type: TensorType;
  readonly constant: Constant;
}
