/** Length of the program that the executor will record, in words: the plan must know it before the executor is. */
import { programLength } from '../../runtime/engine/program.ts';
import type { Schedule } from '../schedule/schedule.ts';

export const programWords = ({ steps, segments }: Schedule): number =>
  programLength(
    steps.map(({ action }) => (action.kind === 'host' ? null : action.kernel)),
    segments.length,
  );
