/**
 * What an op is. One file per op exports one definition: how it is typed (`infer`), what it means (`evaluate`, the
 * oracle), how the engine runs it (`lower`) and what it costs. Passes know no op by name: what they may do with
 * one is said by its `traits`.
 *
 * Activations are channels-last ([batch, …spatial, channels]) in every op with channels; weights keep the order of
 * the frameworks they come from ([out, in, …spatial]).
 */

import { MillraceError } from '../../../runtime/error.ts';
import type { Attrs } from '../../ir/constant.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { formatType, type TensorType } from '../../ir/types.ts';
import type { Cost, LowerContext, Ways } from './lowering.ts';
import type { Traits } from './traits.ts';

/** A value of a composition: an input of the op, a number, or what a node makes. What it is made of is not to be seen. */
export interface Part {
  readonly type: TensorType;
}

export interface ComposedNode {
  readonly op: OpDefinition;
  readonly attrs: Attrs;
  readonly inputs: readonly (Part | null)[];
  readonly outputs: readonly Part[];
}

/** An op on inputs of certain types, as the ops it is made of, in order. */
export interface Composition {
  readonly inputs: readonly (Part | null)[];
  readonly splats: ReadonlyMap<Part, number>;
  readonly nodes: readonly ComposedNode[];
  readonly outputs: readonly Part[];
}

/** What passes, the schedule and the interpreter see of any op. */
export interface OpDefinition<A extends Attrs = Attrs> {
  readonly name: string;
  /** Names of inputs; `x?` may be absent, `...x` (last) stands for one or more. */
  readonly inputs: readonly string[];
  /** Every attribute with its default; a default fixes the type. `required` ones must be given. */
  readonly attrs: A;
  readonly required?: readonly (keyof A & string)[];
  readonly traits: Traits<A>;
  /** Types of the outputs; throws `shapeError`. */
  infer(inputs: readonly (TensorType | null)[], attrs: A): readonly TensorType[];
  /** The reference: plain loops in the order the kernels promise. */
  evaluate(inputs: readonly (Tensor | null)[], attrs: A, outputs: readonly TensorType[]): readonly Tensor[];
  /** Kernel calls, in one way or several; null where only the reference can run this case (a host op). */
  lower?(context: LowerContext<A>): Ways;
  /** Why only the reference runs it, or some of its cases; every op says how it runs: by kernels, others, or on the host. */
  readonly host?: string;
  /** The op as the ops it is made of; the pass `decompose` puts them in its place. */
  decompose?(inputs: readonly (TensorType | null)[], attrs: A): Composition;
  cost(inputs: readonly (TensorType | null)[], outputs: readonly TensorType[], attrs: A): Cost;
}

/** An op by its name `N`, its attributes `A` and those of them, `R`, that a node must be given. */
export interface Op<N extends string, A extends Attrs, R extends keyof A & string> extends OpDefinition<A> {
  readonly name: N;
  readonly required?: readonly R[];
}

/** The attributes that a node of an op may and must be given. */
export type Given<A extends Attrs, R extends keyof A> = keyof A extends never
  ? Readonly<Record<string, never>>
  : Partial<A> & Pick<A, R>;

/** Attributes of ops with an epilogue. */
export type EpilogueAttrs = {
  readonly act: string;
  readonly alpha: number;
  readonly beta: number;
};
export const noEpilogue: EpilogueAttrs = { act: 'none', alpha: 0, beta: 0 };

/** The type of an attribute, from its default. */
type Widened<T> = T extends number ? number : T extends string ? string : T extends boolean ? boolean : T;
/** The types of all attributes, from their defaults. */
export type AttrsLike<D extends Attrs> = { readonly [K in keyof D]: Widened<D[K]> };

/** An op that is not made of others runs by kernels, or says why it does not. */
type Runs<A extends Attrs> =
  | { lower(context: LowerContext<A>): Ways }
  | { readonly host: string; readonly lower?: never };

/** Defines an op; the types of its attributes are those of the defaults. */
export const defineOp = <N extends string, D extends Attrs, R extends keyof D & string = never>(
  definition: {
    readonly name: N;
    readonly attrs: D & AttrsLike<D>;
    readonly required?: readonly R[];
  } & Omit<OpDefinition<NoInfer<AttrsLike<D>>>, 'name' | 'attrs' | 'required' | 'decompose'> &
    Runs<NoInfer<AttrsLike<D>>>,
): Op<N, AttrsLike<D>, R> => definition;

/** A typing error of an op; the builder's caller adds the node's name. */
export const shapeError = (what: string, expected: string, got: string): MillraceError =>
  new MillraceError('MODEL_SHAPE', what, { expected, got });

/** The type of an input that must be there. */
export function required(inputs: readonly (TensorType | null)[], index: number, name: string): TensorType {
  const type = inputs[index];
  if (type === null || type === undefined) throw shapeError(`input ${name}`, 'a tensor', 'nothing');
  return type;
}

/** As `required`, and of the given rank. */
export function requireRank(
  inputs: readonly (TensorType | null)[],
  index: number,
  name: string,
  rank: number,
): TensorType {
  const type = required(inputs, index, name);
  if (type.shape.length !== rank) throw shapeError(`input ${name}`, `rank ${rank}`, formatType(type));
  return type;
}
