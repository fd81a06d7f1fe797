/**
 * What an op becomes: calls of kernels, the weights they read as recipes by strides, scratch, and what it costs. Nothing
 * is read at this point. `schedule/lower/` turns it into steps.
 */
import type { StoredElement } from '../../../runtime/kernels/layouts.ts';
import type { KernelName, KernelParams, OperandName } from '../../../runtime/kernels/table.ts';
import type { Attrs, TypedConstant } from '../../ir/constant.ts';
import type { TensorType } from '../../ir/types.ts';

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
