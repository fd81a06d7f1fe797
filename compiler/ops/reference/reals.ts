/**
 * Tensors of any numeric dtype as real numbers, for the reference implementations. Those compute in double and round
 * once, when the result is stored. So the reference is more exact than any kernel it judges.
 */
import { numberToFloat16, type Tensor, toNumbers, zeros } from '../../ir/tensor.ts';
import type { TensorType } from '../../ir/types.ts';

/** The elements as numbers; float32 and float64 (and small integers) are not copied. */
export function realsOf(tensor: Tensor): ArrayLike<number> {
  const { dtype } = tensor.type;
  if (dtype === 'float16' || dtype === 'int64' || dtype === 'uint64') return toNumbers(tensor);
  return tensor.data as ArrayLike<number> & typeof tensor.data;
}

/** As `realsOf` of an input that may be absent. */
export const optionalReals = (tensor: Tensor | null | undefined): ArrayLike<number> | null =>
  tensor ? realsOf(tensor) : null;

/** An input that `infer` has already required. */
export function present(inputs: readonly (Tensor | null)[], index: number): Tensor {
  const tensor = inputs[index];
  if (!tensor) throw new Error(`input ${index} is absent`);
  return tensor;
}

/** Rounds to the dtype: floats to nearest, integers towards zero as a C cast does. */
export function tensorOfReals(type: TensorType, values: Float64Array): Tensor {
  if (type.dtype === 'float64') return { type, data: values };
  const tensor = zeros(type);
  const { data } = tensor;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    for (let i = 0; i < values.length; i++) data[i] = BigInt(Math.trunc(values[i]!));
  else if (type.dtype === 'float16')
    for (let i = 0; i < values.length; i++) data[i] = numberToFloat16(values[i]!);
  else if (type.dtype === 'bool') for (let i = 0; i < values.length; i++) data[i] = values[i] === 0 ? 0 : 1;
  else for (let i = 0; i < values.length; i++) data[i] = values[i]!;
  return tensor;
}
