/**
 * Which kernels an engine module holds. The compiler leaves out what a network does not call
 * (`compiler/bundle/engine`), and writes the names of the rest into a custom section. A module without the section
 * holds all. Invariant: a program that passes `checkKernels` never reaches a body that was taken out.
 */
import { MillraceError } from '../error.ts';
import { type KernelName, kernelNames } from '../kernels/table.ts';
import { FIRST_KERNEL } from './call-words.ts';

export const HELD_KERNELS_SECTION = 'millrace.kernels';

/** The section's text: names, in the order of the table. */
export const encodeKernels = (held: ReadonlySet<string>): string =>
  kernelNames.filter((name) => held.has(name)).join(' ');

/** The kernels a program calls. */
export function kernelsOf(program: Int32Array): Set<KernelName> {
  const called = new Set<KernelName>();
  for (let pc = 0; pc < program.length; pc += program[pc + 1]!) {
    const kernel = kernelNames[program[pc]! - FIRST_KERNEL];
    if (kernel !== undefined) called.add(kernel);
  }
  return called;
}

/** Refuses a program that calls what the engine does not hold; `file` is where the engine came from. */
export function checkKernels(module: WebAssembly.Module, program: Int32Array, file: string): void {
  const sections = WebAssembly.Module.customSections(module, HELD_KERNELS_SECTION);
  if (sections.length === 0) return;
  const held = new TextDecoder().decode(sections[0]);
  const names = new Set(held.split(' '));
  const missing = [...kernelsOf(program)].filter((name) => !names.has(name));
  if (missing.length === 0) return;
  throw new MillraceError('BUNDLE_INVALID', `the engine has no kernel ${missing.join(', ')}`, {
    at: file,
    expected: `an engine with ${missing.join(', ')}`,
    got: held,
    hint: 'The files are of different compilations: copy the whole folder again.',
  });
}
