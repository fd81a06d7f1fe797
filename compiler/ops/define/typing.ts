/** What several ops require of their inputs' types; each check throws `shapeError` with what it expected. */
import { type DType, formatType, isFloat, sameShape, type TensorType } from '../../ir/types.ts';
import { required, shapeError } from './op.ts';

/** Default of attributes that hold a list of numbers; it fixes their type. */
export const numbers: readonly number[] = [];

type Inputs = readonly (TensorType | null)[];

/** An input that must be there and hold floating point numbers. */
export function requireFloat(inputs: Inputs, index: number, name: string): TensorType {
  const type = required(inputs, index, name);
  if (!isFloat(type.dtype)) throw shapeError(`input ${name}`, 'floating point numbers', formatType(type));
  return type;
}

/** An optional input of exactly this type. */
export function optionalOf(inputs: Inputs, index: number, name: string, expected: TensorType): void {
  const type = inputs[index];
  if (type && (type.dtype !== expected.dtype || !sameShape(type.shape, expected.shape)))
    throw shapeError(`input ${name}`, formatType(expected), formatType(type));
}

/** An input, one element per channel, that must be there. */
export function requireVector(
  inputs: Inputs,
  index: number,
  name: string,
  length: number,
  dtype: DType,
): void {
  required(inputs, index, name);
  optionalOf(inputs, index, name, { dtype, shape: [length] });
}

/** The axis counted from the front. */
export function axisOf(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    throw shapeError('axis', `an integer from ${-rank} to ${rank - 1}`, `${axis}`);
  return axis < 0 ? axis + rank : axis;
}
