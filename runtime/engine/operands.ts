/** A recorded program read back: every operand of every call, with its step and what the call does to it. */
import { type KernelName, kernelNames, type OperandRole, signatureOf } from '../kernels/table.ts';
import type { HostOp } from './executor.ts';
import { FIRST_KERNEL, opcodes } from './program.ts';

export interface Operand {
  readonly step: number;
  readonly value: number;
  /** null: a host op. */
  readonly kernel: KernelName | null;
  /** The operand's name; `input 0`, `output 1` of a host op. */
  readonly name: string;
  readonly role: OperandRole;
  /** The call's parameters, by name; none of a host op. */
  readonly params: Readonly<Record<string, number>>;
  /** The host op, if it is one. */
  readonly host: HostOp | null;
}

/** A call in the program; parameters are read where they stand when they are asked for, as most never are. */
interface CallWords {
  readonly program: Int32Array;
  readonly floats: Float32Array;
  readonly pc: number;
}

interface CallReader {
  readonly operands: readonly (readonly [name: string, role: OperandRole])[];
  /** Has a getter for each parameter, for a CallWords. */
  readonly params: object;
}

const readers = new Map<KernelName, CallReader>();

function readerOf(kernel: KernelName): CallReader {
  const known = readers.get(kernel);
  if (known !== undefined) return known;
  const signature = signatureOf(kernel);
  const operands = Object.entries(signature.operands);
  const params = {};
  let at = 2 + operands.length;
  for (const [name, type] of Object.entries(signature.params)) {
    const word = at++;
    const get =
      type === 'f32'
        ? function (this: CallWords) {
            return this.floats[this.pc + word];
          }
        : function (this: CallWords) {
            return this.program[this.pc + word];
          };
    Object.defineProperty(params, name, { get });
  }
  const reader = { operands, params };
  readers.set(kernel, reader);
  return reader;
}

/** In the order of the program; absent operands are left out. */
export function* operandsOf(program: Int32Array, host: readonly HostOp[]): Generator<Operand> {
  const floats = new Float32Array(program.buffer, program.byteOffset, program.length);
  let step = -1;
  for (let pc = 0; pc < program.length; pc += program[pc + 1]!) {
    const opcode = program[pc]!;
    if (opcode === opcodes.MARK) step = program[pc + 2]!;
    else if (opcode === opcodes.HOST) yield* operandsOfHost(step, host[program[pc + 2]!]!);
    else if (opcode >= FIRST_KERNEL) {
      const kernel = kernelNames[opcode - FIRST_KERNEL]!;
      const reader = readerOf(kernel);
      const words: CallWords = { program, floats, pc };
      const params = Object.setPrototypeOf(words, reader.params) as Operand['params'];
      let at = pc + 2;
      for (const [name, role] of reader.operands) {
        const value = program[at++]!;
        if (value !== 0) yield { step, value, kernel, name, role, params, host: null };
      }
    }
  }
}

function* operandsOfHost(step: number, op: HostOp): Generator<Operand> {
  const common = { step, kernel: null, params: {}, host: op };
  for (const [i, operand] of op.inputs.entries())
    if (operand) yield { ...common, value: operand.value, name: `input ${i}`, role: 'in' };
  for (const [i, { value }] of op.outputs.entries())
    yield { ...common, value, name: `output ${i}`, role: 'out' };
}
