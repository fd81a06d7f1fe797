/** Element types of files of weights, and what stands for each in the graph. */
import { MillraceError } from '../../../runtime/error.ts';
import type { Constant, TypedConstant } from '../../ir/constant.ts';
import type { DType, Shape } from '../../ir/types.ts';
import { applied } from '../../ops/constants/recipes.ts';

interface ElementType {
  readonly bits: number;
  /** Absent: its size is known, its numbers are not. */
  readonly dtype?: DType;
}

/** safetensors' names. Source: github.com/huggingface/safetensors, README "Format" and the Dtype enumeration. */
export const elementTypes: Readonly<Record<string, ElementType>> = {
  F32: { bits: 32, dtype: 'float32' },
  F16: { bits: 16, dtype: 'float16' },
  // The bits; `typedConstant` widens them.
  BF16: { bits: 16, dtype: 'uint16' },
  F64: { bits: 64, dtype: 'float64' },
  I8: { bits: 8, dtype: 'int8' },
  U8: { bits: 8, dtype: 'uint8' },
  I16: { bits: 16, dtype: 'int16' },
  U16: { bits: 16, dtype: 'uint16' },
  I32: { bits: 32, dtype: 'int32' },
  U32: { bits: 32, dtype: 'uint32' },
  I64: { bits: 64, dtype: 'int64' },
  U64: { bits: 64, dtype: 'uint64' },
  BOOL: { bits: 8, dtype: 'bool' },
  C64: { bits: 64 },
  F8_E4M3: { bits: 8 },
  F8_E5M2: { bits: 8 },
  F8_E8M0: { bits: 8 },
  F6_E2M3: { bits: 6 },
  F6_E3M2: { bits: 6 },
  F4: { bits: 4 },
};

/** The name of a dtype in a safetensors file. */
export const elementTypeOf = (dtype: DType): string =>
  Object.keys(elementTypes).find((name) => elementTypes[name]!.dtype === dtype && name !== 'BF16')!;

/** Elements of a file as a constant of the graph; bfloat16 as the float32 it is the upper half of. */
export function typedConstant(
  name: string,
  element: string,
  shape: Shape,
  constant: Constant,
): TypedConstant {
  const dtype = elementTypes[element]?.dtype;
  if (dtype === undefined)
    throw new MillraceError('MODEL_UNSUPPORTED', `elements of type ${element}`, {
      at: `tensor "${name}"`,
      expected: Object.keys(elementTypes)
        .filter((key) => elementTypes[key]!.dtype !== undefined)
        .join(', '),
    });
  const typed: TypedConstant = { type: { dtype, shape }, constant };
  return element === 'BF16' ? applied('fromBfloat16', [typed]) : typed;
}
