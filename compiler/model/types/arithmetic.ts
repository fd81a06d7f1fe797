/**
 * Arithmetic on sizes that are known as literals. Invariant: what is not known (`number`, a union, a negative
 * result) gives `number`; no function here ever fails, so that a shape is as precise as what it was computed from.
 *
 * While sizes are open (in a general block) a result is an expression that the checker carries along, and it carries
 * only so many within each other. Neutral operands are therefore dropped before anything else.
 */
import type {
  AddDigits,
  Digits,
  DivideDigits,
  MultiplyDigits,
  Parse,
  Print,
  SubtractDigits,
} from './digits.ts';

/** True for a union of two or more. */
type Several<N, All = N> = N extends unknown ? ([All] extends [N] ? false : true) : never;

/** Digits of a natural number known as a literal, 'unknown' for others. */
type Read<N extends number> = number extends N
  ? 'unknown'
  : Several<N> extends true
    ? 'unknown'
    : Parse<`${N}`>;

type Write<N> = Print<N> extends `${infer Value extends number}` ? Value : number;

export type Add<A extends number, B extends number> = [B] extends [0]
  ? A
  : [Read<A>, Read<B>] extends [infer X extends Digits, infer Y extends Digits]
    ? Write<AddDigits<X, Y>>
    : number;

/** a − b; `number` where that is negative. */
export type Subtract<A extends number, B extends number> = [B] extends [0]
  ? A
  : [Read<A>, Read<B>] extends [infer X extends Digits, infer Y extends Digits]
    ? SubtractDigits<X, Y> extends infer D extends Digits
      ? Write<D>
      : number
    : number;

export type Multiply<A extends number, B extends number> = [B] extends [1]
  ? A
  : [Read<A>, Read<B>] extends [infer X extends Digits, infer Y extends Digits]
    ? Write<MultiplyDigits<X, Y>>
    : number;

/** ⌊a / b⌋ */
export type Divide<A extends number, B extends number> = [B] extends [1]
  ? A
  : [Read<A>, Read<B>] extends [infer X extends Digits, infer Y extends Digits]
    ? Quotient<X, Y>
    : number;

type Quotient<X, Y> = [Y] extends [readonly []] ? number : Write<DivideDigits<X, Y>[0]>;

/** ⌊(a + plus − minus) / b⌋, as one expression; `number` where the difference is negative. */
export type DivideShifted<A extends number, Plus extends number, Minus extends number, B extends number> = [
  Read<A>,
  Read<Plus>,
  Read<Minus>,
  Read<B>,
] extends [infer X extends Digits, infer P extends Digits, infer M extends Digits, infer Y extends Digits]
  ? SubtractDigits<AddDigits<X, P>, M> extends infer D extends Digits
    ? Quotient<D, Y>
    : number
  : number;

/** ⌈a / b⌉ */
export type DivideUp<A extends number, B extends number> = [B] extends [1]
  ? A
  : DivideShifted<A, Subtract<B, 1>, 0, B>;

/** a < b; `boolean` where one is not known. */
export type Less<A extends number, B extends number> = [Read<A>, Read<B>] extends [
  infer X extends Digits,
  infer Y extends Digits,
]
  ? SubtractDigits<X, Y> extends 'negative'
    ? true
    : false
  : boolean;

/** Whether b divides a; `boolean` where one is not known. */
export type Divides<A extends number, B extends number> = [Read<A>, Read<B>] extends [
  infer X extends Digits,
  infer Y extends Digits,
]
  ? Y extends readonly [1]
    ? true
    : Y extends readonly []
      ? false
      : DivideDigits<X, Y>[1] extends readonly []
        ? true
        : false
  : boolean;
