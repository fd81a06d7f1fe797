/**
 * Host ops: steps that the engine hands back because only the TypeScript reference implements them. Inputs are views
 * of the arena where their alignment allows, results are copied into it.
 */

import { MillraceError } from '../error.ts';
import { arrayFor, elementCount, elementSize } from '../format/dtype.ts';
import type { HostOp, HostOperand, HostTensor } from './host-op.ts';

/** The memory of values, as host ops, inputs and outputs see it. */
export interface ValueMemory {
  /** The first bytes of a value, in place or (a weight that is mapped) copied. Not to be kept after a run. */
  valueBytes(value: number, byteLength: number): Uint8Array;
}

const byteLengthOf = ({ dtype, shape }: HostOperand): number => elementCount(shape) * elementSize(dtype);

function tensorAt(memory: ValueMemory, operand: HostOperand): HostTensor {
  const { dtype, shape, value } = operand;
  const array = arrayFor(dtype);
  const bytes = memory.valueBytes(value, byteLengthOf(operand));
  const aligned = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  const data = new array(aligned.buffer as ArrayBuffer, aligned.byteOffset, elementCount(shape));
  return { type: { dtype, shape }, data };
}

export function runHostOp(memory: ValueMemory, op: HostOp): void {
  const results = op.evaluate(op.inputs.map((operand) => operand && tensorAt(memory, operand)));
  for (const [i, operand] of op.outputs.entries()) {
    const data = results[i]?.data;
    const byteLength = byteLengthOf(operand);
    if (data?.byteLength !== byteLength)
      throw new MillraceError('ENGINE', 'a host op returned another size', {
        at: op.name,
        expected: `${byteLength} bytes for output ${i}`,
        got: `${data?.byteLength ?? 0} bytes`,
      });
    const from = new Uint8Array(data.buffer, data.byteOffset, byteLength);
    memory.valueBytes(operand.value, byteLength).set(from);
  }
}
