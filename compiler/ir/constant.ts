/**
 * Constants are recipes: they say where the elements come from, and are evaluated a slice at a time by whoever
 * needs elements (`ops/constants/materialize.ts`). A graph of a 10 GB model is therefore a few kilobytes.
 *
 *   inline   the bytes themselves: small things only (shapes, biases, scalars)
 *   splat    one value everywhere
 *   file     a byte range of a file, little-endian, row-major, of the value's dtype
 *   random   element i is a pure function of (seed, i): any slice can be produced alone (`ops/constants/materialize.ts`)
 *   apply    an op of the op list over other recipes, such as a batch-norm-folded kernel: mul(w, scale)
 */
import type { TensorType } from './types.ts';

/** One attribute of a node. */
export type AttrValue = number | string | boolean | readonly number[] | readonly string[];

/** Attributes of a node, by name. */
export type Attrs = Readonly<Record<string, AttrValue>>;

/** The elements themselves. */
export interface InlineConstant {
  readonly kind: 'inline';
  /** Row-major little-endian elements. */
  readonly bytes: Uint8Array;
}

/** One value everywhere. */
export interface SplatConstant {
  readonly kind: 'splat';
  readonly value: number;
}

/** A range of bytes of a file. */
export interface FileConstant {
  readonly kind: 'file';
  readonly path: string;
  /** Byte offset of the first element. */
  readonly offset: number;
}

/** A seeded stream, of which every element can be computed alone. */
export interface RandomConstant {
  readonly kind: 'random';
  readonly distribution: 'normal' | 'uniform';
  /** Unsigned 32-bit. */
  readonly seed: number;
  readonly mean: number;
  /** Standard deviation of `normal`, half width of `uniform`. */
  readonly scale: number;
}

/** What an op makes of other constants. */
export interface ApplyConstant {
  readonly kind: 'apply';
  readonly op: string;
  readonly attrs: Attrs;
  readonly args: readonly TypedConstant[];
}

/** A recipe: where the elements of a constant come from. Nothing is read before a bundle is written. */
export type Constant = InlineConstant | SplatConstant | FileConstant | RandomConstant | ApplyConstant;

/** A recipe with dtype and shape. */
export interface TypedConstant {
  readonly type: TensorType;
  readonly constant: Constant;
}
