/**
 * `sizes`: arithmetic on sizes that keeps literal types. JavaScript's `4 * width` is a `number`, `sizes.times(4, width)`
 * is 256 where the width is 64. For blocks whose filters follow from a type parameter.
 */
import type { Add, Divide, Multiply, Subtract } from './types/arithmetic.ts';

export type { Add, Divide, DivideUp, Multiply, Subtract } from './types/arithmetic.ts';

/**
 * a + b.
 * @example conv2d(image, { filters: sizes.plus(sizeOf(image, -1), 4), kernel: 1 }) // [1, 28, 28, 12]
 */
export const plus = <const A extends number, const B extends number>(a: A, b: B): Add<A, B> =>
  (a + b) as Add<A, B>;

/**
 * a − b.
 * @example conv2d(image, { filters: sizes.minus(sizeOf(image, -1), 4), kernel: 1 }) // [1, 28, 28, 4]
 */
export const minus = <const A extends number, const B extends number>(a: A, b: B): Subtract<A, B> =>
  (a - b) as Subtract<A, B>;

/**
 * a · b.
 * @example conv2d(image, { filters: sizes.times(4, sizeOf(image, -1)), kernel: 1 }) // [1, 28, 28, 32]
 */
export const times = <const A extends number, const B extends number>(a: A, b: B): Multiply<A, B> =>
  (a * b) as Multiply<A, B>;

/**
 * ⌊a / b⌋.
 * @example conv2d(image, { filters: sizes.over(sizeOf(image, -1), 2), kernel: 1 }) // [1, 28, 28, 4]
 */
export const over = <const A extends number, const B extends number>(a: A, b: B): Divide<A, B> =>
  Math.floor(a / b) as Divide<A, B>;
