/**
 * Arithmetic on sizes that keeps literal types: JavaScript's `4 * width` is a `number`, `times(4, width)` is 256
 * where the width is 64. For blocks whose filters follow from a type parameter.
 */
import type { Add, Divide, Multiply, Subtract } from './types/arithmetic.ts';

export const plus = <const A extends number, const B extends number>(a: A, b: B): Add<A, B> =>
  (a + b) as Add<A, B>;

export const minus = <const A extends number, const B extends number>(a: A, b: B): Subtract<A, B> =>
  (a - b) as Subtract<A, B>;

export const times = <const A extends number, const B extends number>(a: A, b: B): Multiply<A, B> =>
  (a * b) as Multiply<A, B>;

/** ⌊a / b⌋ */
export const over = <const A extends number, const B extends number>(a: A, b: B): Divide<A, B> =>
  Math.floor(a / b) as Divide<A, B>;
