/**
 * What an op is. One file per op exports one definition: how it is typed (`infer`), what it means (`evaluate`, the
 * oracle), how the engine runs it (`lower`) and what it costs. Passes know no op by name: what they may do with
 * one is said by its `traits`.
 *
 * Activations are channels-last ([batch, …spatial, channels]) in every op with channels; weights keep the order of
 * the frameworks they come from ([out, in, …spatial]).
 */

import { MillraceError } from '../../../runtime/error.ts';
import type { UnaryFunction } from '../../../runtime/kernels/functions.ts';
import type { StoredElement } from '../../../runtime/kernels/layouts.ts';
import type { KernelName, KernelParams, OperandName } from '../../../runtime/kernels/table.ts';
import type { Attrs, TypedConstant } from '../../ir/constant.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { formatType, type TensorType } from '../../ir/types.ts';

/** An operand of a lowered kernel call: an input or output of the node, a packed weight or scratch of the call. */
export type Operand =
  | { readonly input: number }
  | { readonly output: number }
  | { readonly weight: number }
  | { readonly scratch: number };

/** A call of one kernel. */
export interface CallOf<K extends KernelName> {
  readonly kernel: K;
  readonly operands: Readonly<Partial<Record<OperandName<K>, Operand | null>>>;
  readonly params: KernelParams<K>;
}

/** A call of any kernel. */
export type KernelCall = { readonly [K in KernelName]: CallOf<K> }[KernelName];

export const call = <K extends KernelName>(
  kernel: K,
  operands: CallOf<K>['operands'],
  params: KernelParams<K>,
): CallOf<K> => ({ kernel, operands, params });

/**
 * Weights in the layout their kernel reads. `panels` gathers from a constant by strides: channel n of group g and
 * reduction index k = (k0, k1, …) is element groupStride·g + channelStride·n + Σ reduceStrides·k of the constant
 * (n within the group). `raw` is the concatenation of constants as they are.
 */
export type PackedWeight =
  | {
      readonly layout: 'panels';
      /** What the weights are stored in: see `kernels/layouts.ts`. */
      readonly element: StoredElement;
      readonly weight: TypedConstant;
      /** One element per output channel over all groups; null for none. */
      readonly bias: TypedConstant | null;
      readonly groups: number;
      /** Output channels of one group. */
      readonly channels: number;
      /** Extents of the reduction, outermost first; their product is K. */
      readonly reduce: readonly number[];
      readonly reduceStrides: readonly number[];
      readonly channelStride: number;
      readonly groupStride: number;
    }
  | { readonly layout: 'raw'; readonly parts: readonly TypedConstant[] };

/** What a node becomes: calls in order, the weights they read, and scratch in bytes, live for the whole node. */
export interface Lowered {
  readonly calls: readonly KernelCall[];
  readonly weights: readonly PackedWeight[];
  readonly scratch: readonly number[];
}

/** One of several ways to run a node; `schedule/lower/select.ts` takes one by its predicted time. */
export interface Alternative extends Lowered {
  /** `kernel/variant`, such as `f32-conv/pixels`: unique among the ways of one node, and what its time goes by. */
  readonly variant: string;
  /** What this way computes and moves; left out where it is what the op says. */
  readonly cost?: Cost;
}

/** One way to run a node, several, or null where only the reference can run the case (a host op). */
export type Ways = Lowered | readonly Alternative[] | null;

export interface LowerContext<A extends Attrs> {
  readonly attrs: A;
  readonly inputs: readonly (TensorType | null)[];
  readonly outputs: readonly TensorType[];
  /** Bytes of weights that a call has at a time: a layer with more is cut, down to one panel. */
  readonly segmentBytes: number;
  /** The recipe of input i where it is a constant. Such an input may become a packed weight; used as an operand
   * `{input}` it is stored raw and streamed like any other. */
  constant(input: number): TypedConstant | null;
}

export interface Cost {
  /** Floating point operations; a multiply-add counts two. */
  readonly flops: number;
  /** Bytes of activations read and written; weights are counted by the schedule. */
  readonly bytes: number;
}

/** An elementwise function as kernels apply it to their result. */
export interface Activation {
  readonly fn: UnaryFunction;
  readonly alpha: number;
  readonly beta: number;
}

/**
 * How an op behaves when its inputs arrive permuted. Given that input i is transpose(input'_i, perm), where perm
 * is the permutation of a `transpose` node, says how to rewrite: op(inputs) = transpose(op'(inputs'), perm').
 */
export interface Permuted<A extends Attrs = Attrs> {
  readonly attrs: A;
  /**
   * Per input: 'same' takes the input un-transposed (input'); 'keep' leaves it as it is. Where it says 'same', the pass
   * brings constants and inputs that are not transposes to the new order. One of lower rank (a broadcast operand such as
   * [C, 1, 1]) first gets leading dimensions of 1, up to the rank of perm.
   */
  readonly inputs: readonly ('same' | 'keep')[];
  /** Permutation that restores each output. */
  readonly outputs: readonly (readonly number[])[];
}

/** A hyper-rectangle of a tensor. */
export interface Box {
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
}

export interface Traits<A extends Attrs> {
  /** Every output element depends on the elements of the inputs at the same (broadcast) place only. */
  readonly elementwise?: true;
  /** The output is the first input's bytes in the same order under another shape. */
  readonly view?: true;
  /** Every output element is an element of the first input (of any, where the list is open), unchanged. */
  readonly movement?: true;
  /**
   * For recipes evaluated a slice at a time: the boxes of the inputs that a box of the only output depends on, and
   * the attributes under which `evaluate` makes that box of them. Elementwise ops and views need not say it.
   */
  region?(
    attrs: A,
    box: Box,
    inputs: readonly (TensorType | null)[],
    output: TensorType,
  ): { readonly attrs: A; readonly inputs: readonly Box[] } | null;
  /** This node is `fn` of its first input, and may become the epilogue of that input's producer. */
  activation?(attrs: A): Activation | null;
  /** This node adds its two inputs elementwise: it may become the residual of one's producer. */
  readonly addition?: true;
  /**
   * Result = act(linear(x, weight) + bias + residual): attributes `act`, `alpha`, `beta` and these inputs may be
   * filled by fusion. Output channels are the last axis of the result; `channelAxis` is that axis in the weight,
   * counted from the end if below zero. Where the weight has only outC/groups there, its first axis is groups first.
   */
  readonly linear?: {
    readonly weight: number;
    readonly bias: number;
    readonly residual?: number;
    channelAxis(attrs: A): number;
  };
  /** act, alpha, beta attributes exist on this op (linear or not) and fusion may fill them. */
  readonly epilogue?: true;
  /** y = x·scale + shift per channel of `axis`, with constant operands: may be folded into a linear producer. */
  readonly affine?: {
    /** Recipes of scale and shift (one per channel, or of shape [1]: the same for all, whatever the axis) from the
     * node's constant inputs, or null if not constant. `axis` counts from the first dimension of the output. */
    coefficients(
      constants: readonly (TypedConstant | null)[],
      types: readonly (TensorType | null)[],
      attrs: A,
    ): { scale: TypedConstant; shift: TypedConstant; axis: number } | null;
  };
  /** See Permuted; returns null where the op cannot move the permutation. */
  permute?(
    attrs: A,
    perm: readonly number[],
    inputs: readonly (TensorType | null)[],
    outputs: readonly TensorType[],
  ): Permuted<A> | null;
  /** The only output is the first input, unchanged, at inference (identity, dropout). */
  readonly identity?: true;
  /** The same, depending on the case (a cast to the dtype it has): the index of that input, or null. */
  forwards?(attrs: A, inputs: readonly (TensorType | null)[], outputs: readonly TensorType[]): number | null;
  /** How many zeros the node puts before each axis of its only input, then after each; null if it does not. */
  zeros?(attrs: A): readonly number[] | null;
  /** Attributes under which the op pads its first input with these zeros itself, on top of what it pads already. */
  padded?(attrs: A, zeros: readonly number[]): A | null;
  /**
   * Elements along an axis of an input do not meet: those of the result at one place depend on those at that place alone.
   * The axis of the outputs that is this one; null where they meet. Elementwise ops need not say it.
   */
  apart?(
    attrs: A,
    input: number,
    axis: number,
    inputs: readonly (TensorType | null)[],
    outputs: readonly TensorType[],
  ): number | null;
  /** Output 0 has its true shape, which depends on data, in output 1; its type is the largest. */
  readonly sized?: true;
  /** The node is `transpose` (its perm is what the layout pass moves). */
  permutation?(attrs: A): readonly number[];
}

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
