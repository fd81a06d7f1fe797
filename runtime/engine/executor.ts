/**
 * What the generated executor module gives the runtime: a function that records the program, and the ops that only
 * the reference implements, run here on tensors of the arena. Executor and manifest are made together; this file
 * checks that they still belong together before the engine sees a word.
 */

import { MillraceError } from '../error.ts';
import type { Manifest } from '../format/format.ts';
import { checkProgram, mismatch } from './check-program.ts';
import type { HostOp } from './host-op.ts';
import { Program } from './program.ts';

export interface Executor {
  /** Records every step, `end` excepted. */
  record(program: Program): void;
  readonly host: readonly HostOp[];
}

/** The executor's program, found to fit the manifest. */
export function recordProgram(executor: Executor, manifest: Manifest): Int32Array {
  if (typeof executor.record !== 'function' || !Array.isArray(executor.host))
    throw mismatch('not an executor', 'a module with `record` and `host`', 'none of these');
  const names = executor.host.map((op) => op.name);
  if (names.join() !== manifest.hostOps.join())
    throw mismatch('host ops', manifest.hostOps.join() || 'none', names.join() || 'none');
  const program = new Program();
  record(executor, program);
  const words = program.end();
  if (words.length !== manifest.programWords)
    throw mismatch('words of the program', manifest.programWords, words.length);
  checkProgram(words, manifest, executor.host);
  return words;
}

/** It is code of a file: whatever it throws is about that file. */
function record(executor: Executor, program: Program): void {
  try {
    executor.record(program);
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError('BUNDLE_INVALID', `could not be recorded: ${(cause as Error).message}`, {
      at: 'executor.js',
      hint: 'The file is damaged: copy the bundle again, or compile anew.',
      cause,
    });
  }
}
