/**
 * Which bytes a call touches through an operand, from its parameters alone, relative to the operand's address: of a
 * kernel what the table says, of a host op the tensor. It shares nothing with the schedule that chose the parameters:
 * capture checks plans with it, and `load` that a manifest's addresses hold what the program does (`reach.ts`).
 */
import { elementCount, elementSize } from '../format/dtype.ts';
import { type Region, whole } from '../kernels/region.ts';
import { carriedOf } from '../kernels/table.ts';
import type { Operand } from './operands.ts';

export function extentOf({ kernel, name, params, host }: Operand): readonly Region[] {
  if (kernel !== null) return carriedOf(kernel).extent[name]!(params);
  const [side, index] = name.split(' ');
  const { dtype, shape } = (side === 'input' ? host!.inputs : host!.outputs)[Number(index)]!;
  return [whole(elementCount(shape) * elementSize(dtype))];
}
