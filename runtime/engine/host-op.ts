/** Ops that only the reference implements, as the generated executor module gives them to the runtime. */
import type { DType, TypedArray } from '../format/dtype.ts';

export interface HostTensor {
  readonly type: { readonly dtype: DType; readonly shape: readonly number[] };
  readonly data: TypedArray;
}

export interface HostOperand {
  readonly value: number;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface HostOp {
  readonly name: string;
  readonly inputs: readonly (HostOperand | null)[];
  readonly outputs: readonly HostOperand[];
  /** The reference of the op. Inputs are views of the arena: read them, keep nothing of them. */
  evaluate(inputs: readonly (HostTensor | null)[]): readonly HostTensor[];
}
