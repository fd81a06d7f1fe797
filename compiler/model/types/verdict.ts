/**
 * How a shape error becomes a sentence at the argument that is wrong. A layer types that argument as
 * `Tensor<…> & SomeVerdict<…>['verdict']`. Where the shapes fit, nothing is added: `unknown` is neutral in an
 * intersection. Where they don't, the argument is "not assignable to 'expected 64 channels, got 32'".
 *
 * The verdict is looked up as a property, not returned by a conditional type, for the sake of generic blocks. There the
 * shape is still a type parameter. The checker judges a property of an open type by the bound of the parameter
 * ([number, number, number, number]). A bare conditional type would refuse every argument.
 */
import type { Shape } from '../../ir/types.ts';

export interface Fits {
  readonly fits: true;
  readonly verdict: unknown;
  /** The same for arguments that are numbers: with a string they would have nothing in common at all. */
  readonly problem: unknown;
}
export interface Misfit<Message extends string> {
  readonly fits: false;
  readonly verdict: Message;
  readonly problem: { readonly error: Message };
}

/** `1, 56, 56, 64`; sizes that are not known are shown as such. */
type List<S> = S extends readonly [infer First extends number]
  ? `${Extent<First>}`
  : S extends readonly [infer First extends number, ...infer Rest extends Shape]
    ? `${Extent<First>}, ${List<Rest>}`
    : S extends readonly []
      ? ''
      : '…';

type Extent<N extends number> = number extends N ? '?' : `${N}`;

/** `[1, 56, 56, 64]` */
export type Show<S> = `[${List<S>}]`;

/** Options that a layer does not have; a type parameter would let them pass. */
export type OnlyOptions<Given, Known> =
  Exclude<keyof Given, keyof Known> extends infer Extra
    ? [Extra] extends [never]
      ? Fits
      : Misfit<`no such option: ${Extra & string}`>
    : never;

/**
 * Several verdicts with one message, `V` being their properties intersected. In an open shape each of them is judged
 * for itself; nested in one another they would be too deep for the checker to judge at all.
 */
export interface All<V> {
  readonly verdict: V;
}

/** Extents that must be the same, where both are known. */
export type SameVerdict<X extends number, Y extends number, Message extends string> = Equal<
  X & number,
  Y & number,
  Message
>;

type Equal<X extends number, Y extends number, Message extends string> = X extends number
  ? Y extends number
    ? number extends X
      ? Fits
      : number extends Y
        ? Fits
        : X extends Y
          ? Fits
          : Misfit<Message>
    : never
  : never;

/** The first verdict if it is a misfit, else the second: one sentence at a time. */
export type First<V, W> = V extends Misfit<string> ? V : W;
