/** Length of the program that the executor will record, in words: the plan must know it before the executor is. */
import { signatureOf } from '../../runtime/kernels/table.ts';
import type { Schedule } from '../schedule/schedule.ts';

/** Opcode and length. */
const HEAD = 2;

export function programWords(schedule: Schedule): number {
  let words = HEAD; // END
  for (const { action } of schedule.steps) {
    words += HEAD + 1; // MARK
    if (action.kind === 'host') words += HEAD + 1;
    else {
      const { operands, params } = signatureOf(action.kernel);
      words += HEAD + Object.keys(operands).length + Object.keys(params).length;
    }
  }
  return words + schedule.segments.length * 2 * (HEAD + 1); // WAIT and FREE
}
