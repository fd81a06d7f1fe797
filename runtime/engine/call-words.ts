/**
 * One kernel call in the program's words: opcode, length, operands, parameters, in the order of the kernel table. The
 * only place that knows how a name becomes a word; what records, what reads back and what counts words all ask here.
 */
import { MillraceError } from '../error.ts';
import { enums } from '../kernels/functions.ts';
import {
  integerTypes,
  isEnum,
  isInteger,
  type OperandSpec,
  type Params,
  type ParamType,
} from '../kernels/signature.ts';
import { carriedOf, type KernelName, kernelNames } from '../kernels/table.ts';

/** Opcode and length. */
export const HEAD_WORDS = 2;
/** Opcode of the first kernel; the others follow in the order of the table. */
export const FIRST_KERNEL = 16;

export interface CallLayout {
  readonly kernel: KernelName;
  readonly opcode: number;
  readonly operands: readonly (readonly [name: string, spec: OperandSpec])[];
  readonly params: readonly (readonly [name: string, type: ParamType])[];
  /** Words of a call, head included. */
  readonly words: number;
}

const layouts: readonly CallLayout[] = kernelNames.map((kernel, i) => {
  const signature = carriedOf(kernel);
  const operands = Object.entries(signature.operands);
  const params = Object.entries(signature.params);
  const words = HEAD_WORDS + operands.length + params.length;
  return { kernel, opcode: FIRST_KERNEL + i, operands, params, words };
});
const byName = new Map(layouts.map((layout) => [layout.kernel, layout]));

export const layoutOfCall = (kernel: KernelName): CallLayout => {
  const layout = byName.get(kernel);
  if (layout === undefined) throw refused(kernel, 'no such kernel', kernelNames.join(', '), kernel);
  return layout;
};
/** Undefined where the engine knows no such opcode. */
export const layoutOfOpcode = (opcode: number): CallLayout | undefined => layouts[opcode - FIRST_KERNEL];
export const opcodeOf = (kernel: KernelName): number => layoutOfCall(kernel).opcode;

const refused = (at: string, what: string, expected: string, got: unknown): MillraceError =>
  new MillraceError('BUNDLE_INVALID', what, {
    at: `executor.js: ${at}`,
    expected,
    got: String(got),
    hint: 'Compile the model again: executor.js is damaged, or of another version.',
  });

const floatView = new Float32Array(1);
const bitsView = new Int32Array(floatView.buffer);

function wordOf(value: number | string | undefined, type: ParamType, at: () => string): number {
  if (isEnum(type)) {
    const names: readonly string[] = enums[type];
    const index = typeof value === 'string' ? names.indexOf(value) : -1;
    if (index < 0) throw refused(at(), `no ${type} function or mode`, names.join(', '), value);
    return index;
  }
  if (typeof value !== 'number') throw refused(at(), 'a parameter is no number', 'a number', value);
  if (type !== 'f32') return value | 0;
  floatView[0] = value;
  return bitsView[0]!;
}

/** Appends a call; operands that are absent are id 0. */
export function appendCall(
  words: number[],
  kernel: KernelName,
  operands: Readonly<Record<string, number | undefined>>,
  params: Params,
): void {
  const layout = layoutOfCall(kernel);
  words.push(layout.opcode, layout.words);
  for (const [name] of layout.operands) words.push(operands[name] ?? 0);
  for (const [name, type] of layout.params)
    words.push(wordOf(params[name], type, () => `${name} of ${kernel}`));
}

/** What is wrong with the words of a call, or null: an operand that must be there, a parameter out of its range. */
export function checkCall(program: Int32Array, pc: number, layout: CallLayout): MillraceError | null {
  const { kernel, operands, params } = layout;
  let at = pc + HEAD_WORDS;
  for (const [name, { optional }] of operands)
    if (program[at++] === 0 && !optional)
      return refused(`${name} of ${kernel}`, 'an operand is missing', 'the id of a value', 0);
  for (const [name, type] of params) {
    const word = program[at++]!;
    if (isInteger(type) && !integerTypes[type](word))
      return refused(`${name} of ${kernel}`, 'a parameter is out of range', type, word);
  }
  return null;
}

/** A call in the program; parameters are read where they stand when they are asked for, as most never are. */
interface CallWords {
  readonly program: Int32Array;
  readonly floats: Float32Array;
  readonly pc: number;
}

/** By kernel: an object with a getter for each parameter, for a CallWords. */
const readers = new Map<KernelName, object>();

function readerOf({ kernel, operands, params }: CallLayout): object {
  const known = readers.get(kernel);
  if (known !== undefined) return known;
  const reader = {};
  let at = HEAD_WORDS + operands.length;
  for (const [name, type] of params) {
    const word = at++;
    const get = isEnum(type)
      ? function (this: CallWords) {
          return enums[type][this.program[this.pc + word]!];
        }
      : type === 'f32'
        ? function (this: CallWords) {
            return this.floats[this.pc + word];
          }
        : function (this: CallWords) {
            return this.program[this.pc + word];
          };
    Object.defineProperty(reader, name, { get });
  }
  readers.set(kernel, reader);
  return reader;
}

/** The parameters of the call at `pc`, by name; `floats` is the program's memory as floats. */
export function paramsAt(program: Int32Array, floats: Float32Array, pc: number, layout: CallLayout): Params {
  const words: CallWords = { program, floats, pc };
  return Object.setPrototypeOf(words, readerOf(layout)) as Params;
}
