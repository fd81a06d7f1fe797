/**
 * Schoolbook arithmetic on types. A number is the tuple of its digits, the least significant first, without leading
 * zeros: 224 is [4, 2, 2], zero is []. Invariant: every function takes and gives numbers in that form, so that
 * two numbers are equal exactly if their tuples are. The work is that of a pupil: one step for each digit, twenty
 * or so for the product of two sizes, whatever the sizes are.
 */
import type { Carry, Differences, Digit, Next, Sums, Times } from './digit-tables.ts';

export type Digits = readonly Digit[];

/** '224' → [4, 2, 2]; anything but a run of digits is 'unknown'. */
export type Parse<
  S extends string,
  Read extends Digit[] = [],
> = S extends `${infer D extends Digit}${infer Rest}`
  ? Parse<Rest, [D, ...Read]>
  : S extends ''
    ? Trim<Read>
    : 'unknown';

/** [4, 2, 2] → '224' */
export type Print<N, Text extends string = ''> = N extends readonly [infer D extends Digit, ...infer Rest]
  ? Print<Rest, `${D}${Text}`>
  : Text extends ''
    ? '0'
    : Text;

/** Without leading zeros (which stand last). */
type Trim<N> = N extends readonly [...infer Rest, 0] ? Trim<Rest> : N;

export type AddDigits<A, B, C extends Carry = 0, Sum extends Digit[] = []> = A extends readonly [
  infer X extends Digit,
  ...infer As,
]
  ? B extends readonly [infer Y extends Digit, ...infer Bs]
    ? Sums[C][X][Y] extends [infer S extends Digit, infer D extends Carry]
      ? AddDigits<As, Bs, D, [...Sum, S]>
      : never
    : C extends 0
      ? [...Sum, ...A]
      : AddDigits<A, [0], C, Sum>
  : B extends readonly []
    ? C extends 0
      ? Sum
      : [...Sum, 1]
    : AddDigits<B, [], C, Sum>;

/** a − b, or 'negative'. */
export type SubtractDigits<A, B> = Subtract<A, B> extends infer D ? Trim<D> : never;

type Subtract<A, B, C extends Carry = 0, Rest extends Digit[] = []> = B extends readonly [
  infer Y extends Digit,
  ...infer Bs,
]
  ? A extends readonly [infer X extends Digit, ...infer As]
    ? Differences[C][X][Y] extends [infer D extends Digit, infer E extends Carry]
      ? Subtract<As, Bs, E, [...Rest, D]>
      : never
    : 'negative'
  : C extends 0
    ? A extends readonly Digit[]
      ? [...Rest, ...A]
      : never
    : A extends readonly []
      ? 'negative'
      : Subtract<A, [0], C, Rest>;

/** a·d + carry for one digit d. */
type TimesDigit<A, D extends Digit, C extends Digit = 0, Product extends Digit[] = []> = A extends readonly [
  infer X extends Digit,
  ...infer As,
]
  ? Times[X][D] extends [infer Ones extends Digit, infer Tens extends Digit]
    ? Sums[0][Ones][C] extends [infer S extends Digit, infer E extends Carry]
      ? TimesDigit<As, D, Sums[E][Tens][0][0], [...Product, S]>
      : never
    : never
  : C extends 0
    ? Product
    : [...Product, C];

/** Horner's rule over the digits of b, the most significant first: ten times what is there, plus a·digit. */
export type MultiplyDigits<A, B, Product extends Digit[] = []> = A extends readonly []
  ? []
  : B extends readonly [...infer Bs, infer D extends Digit]
    ? AddDigits<Shift<Product, 0>, TimesDigit<A, D>> extends infer P extends Digit[]
      ? MultiplyDigits<A, Bs, P>
      : never
    : Product;

/** 10·n + d */
type Shift<N extends readonly Digit[], D extends Digit> = N extends readonly []
  ? D extends 0
    ? []
    : [D]
  : [D, ...N];

/** Long division, [quotient, remainder]; b is not zero. */
export type DivideDigits<
  A,
  B,
  Rest extends readonly Digit[] = [],
  Quotient extends readonly Digit[] = [],
> = A extends readonly [...infer As, infer D extends Digit]
  ? TakeOff<Shift<Rest, D>, B> extends [infer Q extends Digit, infer R extends readonly Digit[]]
    ? DivideDigits<As, B, R, Shift<Quotient, Q>>
    : never
  : [Quotient, Rest];

/** How often b can be taken off a (at most nine times here), and what is left. */
type TakeOff<A, B, Count extends Digit = 0> =
  SubtractDigits<A, B> extends infer Rest
    ? Rest extends 'negative'
      ? [Count, A]
      : TakeOff<Rest, B, Next[Count]>
    : never;
