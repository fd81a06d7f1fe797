/** Leaves out a test with a word. The reporter says at the end what was left out, grouped by reason. */
import { type Context, Hook } from 'mocha';

/** Where the reporter (`reporter.cjs`) finds it: at the test, or at the suite whose hook skipped. */
const reasonKey = Symbol.for('millrace.skip');

/** In a test, or in a hook for all tests of its suite. Does not return. */
export function skip(context: Context, reason: string): never {
  const runnable = context.test;
  const owner = runnable instanceof Hook ? runnable.parent : runnable;
  Object.assign(owner ?? {}, { [reasonKey]: reason });
  context.skip();
}

/** In place of tests that can't even be made here. */
export function skipped(title: string, reason: string): void {
  Object.assign(it.skip(title), { [reasonKey]: reason });
}
