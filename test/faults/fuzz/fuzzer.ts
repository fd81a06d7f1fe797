/** What a fuzzer is, and what may come of a case: it runs, or it is refused with a code. Anything else is a finding. */
import { MillraceError } from '../../../runtime/error.ts';
import type { Random } from '../../support/random.ts';

/** How a case ended, and what its plan was allowed to hold. */
export interface Ended {
  /** `ran`, or the code of the error. */
  readonly how: string;
  readonly plannedBytes: number;
}

export interface Fuzzer {
  /** Unmutated inputs, each of which must run. */
  honest(): Promise<void>;
  /** One case; throws what is no MillraceError, and a WrongResult. */
  mutated(random: Random): Promise<Ended>;
}

/** Makes a fuzzer whose files lie in `folder`. */
export type MakeFuzzer = (folder: string) => Promise<Fuzzer>;

export class WrongResult extends Error {}

/** The code that a case was refused with; what is not typed, or typed as our own fault, is thrown on. */
export function codeOf(error: unknown): string {
  if (MillraceError.prototype.isPrototypeOf.call(MillraceError.prototype, error as object)) {
    const { code } = error as MillraceError;
    if (code !== 'INTERNAL') return code;
  }
  throw error;
}

/** Runs `body`; a refusal is as good as success. */
export async function ended(body: () => Promise<number>): Promise<Ended> {
  let plannedBytes = 0;
  try {
    plannedBytes = await body();
    return { how: 'ran', plannedBytes };
  } catch (error) {
    return { how: codeOf(error), plannedBytes };
  }
}
