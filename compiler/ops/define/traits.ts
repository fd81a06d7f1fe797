/** What passes may do with an op: they know no op by name. */
import type { UnaryFunction } from '../../../runtime/kernels/functions.ts';
import type { Attrs, TypedConstant } from '../../ir/constant.ts';
import type { TensorType } from '../../ir/types.ts';

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
