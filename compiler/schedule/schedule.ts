/**
 * The schedule: the network as a straight line of steps, each one kernel call (or host op), grouped into layers for
 * people and cut into segments for the loader. Made once by lowering and partition; pack, memory and codegen read it.
 */
import type { VariantChoice } from '../../runtime/format/format.ts';
import type { Params } from '../../runtime/kernels/signature.ts';
import type { KernelName } from '../../runtime/kernels/table.ts';
import type { Attrs } from '../ir/constant.ts';
import type { TensorType } from '../ir/types.ts';
import type { PackedWeight } from '../ops/define/lowering.ts';

/** Id in the schedule's own numbering, which the program uses; 0 is the absent operand. */
export type SlotId = number;

/** Something with an address: an activation, scratch, or a packed weight. */
export type Slot =
  | {
      readonly kind: 'activation' | 'scratch';
      readonly id: SlotId;
      readonly name: string;
      readonly byteLength: number;
      readonly within?: Within;
    }
  | {
      readonly kind: 'weight';
      readonly id: SlotId;
      readonly name: string;
      readonly byteLength: number;
      readonly weight: WeightPiece;
    };

/** The slot in whose memory another lies, and where in it: an offset in bytes, in one piece or in rows. */
export interface Within {
  readonly slot: SlotId;
  readonly offset: number;
  /** Given where rows lie apart: the bytes of one, and from one to the next. */
  readonly rows?: { readonly bytes: number; readonly stride: number };
  /** A 'part' is the other's value, or some of it: a view, a slice, what is concatenated. A 'successor' is a new value
   * in the memory of one that is no longer needed. */
  readonly as: 'part' | 'successor';
}

/** A run of panels of a packed weight, or all of a raw one. */
export interface WeightPiece {
  readonly packed: PackedWeight;
  readonly panel0: number;
  /** Number of panels; 0 for raw weights. */
  readonly panels: number;
}

export interface Step {
  readonly layer: number;
  readonly reads: readonly SlotId[];
  readonly writes: readonly SlotId[];
  readonly flops: number;
  /** Activation bytes read and written. */
  readonly bytes: number;
  readonly action:
    | {
        readonly kind: 'kernel';
        readonly kernel: KernelName;
        /** `kernel/variant` where the node could run in several ways. */
        readonly variant?: string;
        readonly operands: Readonly<Record<string, SlotId>>;
        readonly params: Params;
      }
    | {
        readonly kind: 'host';
        readonly op: string;
        readonly attrs: Attrs;
        readonly inputs: readonly (SlotId | null)[];
        readonly inputTypes: readonly (TensorType | null)[];
        readonly outputs: readonly SlotId[];
        readonly outputTypes: readonly TensorType[];
      };
}

export interface Layer {
  readonly name: string;
  readonly op: string;
  readonly firstStep: number;
  readonly steps: number;
  readonly type: TensorType;
  /** Types of the activations it reads, for people. */
  readonly inputTypes: readonly TensorType[];
  /** Given where the node could run in several ways. */
  readonly choice?: VariantChoice;
}

/** What is read in one request: pieces of weights, one after the other, used between two steps. */
export interface Segment {
  readonly slots: readonly { readonly slot: SlotId; readonly offset: number }[];
  /** Sum of pieces, each aligned, rounded up to the segment alignment. */
  readonly byteLength: number;
  readonly firstUse: number;
  readonly lastUse: number;
}

export interface SchedulePort {
  readonly name: string;
  readonly type: TensorType;
  readonly slot: SlotId;
  /** The output that holds the true shape, where it depends on data; the type is the largest. */
  readonly sized?: number;
}

export interface Schedule {
  readonly name: string;
  /** By id; index 0 is unused. */
  readonly slots: readonly (Slot | null)[];
  readonly steps: readonly Step[];
  readonly layers: readonly Layer[];
  readonly segments: readonly Segment[];
  readonly inputs: readonly SchedulePort[];
  readonly outputs: readonly SchedulePort[];
}
