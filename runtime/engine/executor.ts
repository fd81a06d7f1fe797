/**
 * What the generated executor module gives the runtime: a function that records the program, and the ops that only
 * the reference implements, run here on tensors of the arena. Executor and manifest are made together; this file
 * checks that they still belong together before the engine sees a word.
 */

import { MillraceError } from '../error.ts';
import type { DType, TypedArray } from '../format/dtype.ts';
import type { Manifest } from '../format/format.ts';
import { kernelNames } from '../kernels/table.ts';
import { FIRST_KERNEL, opcodes, operandCount, Program } from './program.ts';

export interface HostTensor {
  readonly type: { readonly dtype: DType; readonly shape: readonly number[] };
  readonly data: TypedArray;
}

export interface HostOperand {
  readonly value: number;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface HostOp {
  readonly name: string;
  readonly inputs: readonly (HostOperand | null)[];
  readonly outputs: readonly HostOperand[];
  /** The reference of the op. Inputs are views of the arena: read them, keep nothing of them. */
  evaluate(inputs: readonly (HostTensor | null)[]): readonly HostTensor[];
}

export interface Executor {
  /** Records every step, `end` excepted. */
  record(program: Program): void;
  readonly host: readonly HostOp[];
}

const mismatch = (what: string, expected: string | number, got: string | number): MillraceError =>
  new MillraceError('BUNDLE_INVALID', what, {
    at: 'executor.js',
    expected: String(expected),
    got: String(got),
    hint: 'executor.js and manifest.bin are of different compilations: copy the whole folder again.',
  });

/** The executor's program, found to fit the manifest. */
export function recordProgram(executor: Executor, manifest: Manifest): Int32Array {
  const names = executor.host.map((op) => op.name);
  if (names.join() !== manifest.hostOps.join())
    throw mismatch('host ops', manifest.hostOps.join() || 'none', names.join() || 'none');
  const program = new Program();
  executor.record(program);
  const words = program.end();
  if (words.length !== manifest.programWords)
    throw mismatch('words of the program', manifest.programWords, words.length);
  checkProgram(words, manifest);
  return words;
}

/** Every opcode, length and id is one the engine knows, and the steps are those of the manifest, in order. */
function checkProgram(words: Int32Array, manifest: Manifest): void {
  const bounds: Readonly<Record<number, { readonly what: string; readonly below: number }>> = {
    [opcodes.MARK]: { what: 'step', below: manifest.steps },
    [opcodes.WAIT]: { what: 'segment', below: manifest.segments.length },
    [opcodes.FREE]: { what: 'segment', below: manifest.segments.length },
    [opcodes.HOST]: { what: 'host op', below: manifest.hostOps.length },
  };
  let step = 0;
  for (let pc = 0; pc < words.length; pc += words[pc + 1]!) {
    const opcode = words[pc]!;
    const bound = bounds[opcode];
    if (bound !== undefined) {
      const operand = words[pc + 2]!;
      if (operand < 0 || operand >= bound.below) throw mismatch(bound.what, `below ${bound.below}`, operand);
      if (opcode === opcodes.MARK && operand !== step++) throw mismatch('next step', step - 1, operand);
    } else if (opcode !== opcodes.END) {
      const kernel = kernelNames[opcode - FIRST_KERNEL];
      if (kernel === undefined) throw mismatch('opcode', 'a kernel', opcode);
      const end = pc + 2 + operandCount(kernel);
      for (let at = pc + 2; at < end; at++)
        if (words[at]! < 0 || words[at]! >= manifest.values)
          throw mismatch(`operand of ${kernel}`, `below ${manifest.values}`, words[at]!);
    }
  }
  if (step !== manifest.steps) throw mismatch('steps', manifest.steps, step);
}
