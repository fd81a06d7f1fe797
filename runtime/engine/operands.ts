/** A recorded program read back: every operand of every call, with its step and what the call does to it. */
import type { OperandRole, Params } from '../kernels/signature.ts';
import type { KernelName } from '../kernels/table.ts';
import { HEAD_WORDS, layoutOfOpcode, paramsAt } from './call-words.ts';
import type { HostOp } from './host-op.ts';
import { opcodes } from './program.ts';

export interface Operand {
  readonly step: number;
  readonly value: number;
  /** null: a host op. */
  readonly kernel: KernelName | null;
  /** The operand's name; `input 0`, `output 1` of a host op. */
  readonly name: string;
  readonly role: OperandRole;
  /** The call's parameters, by name; none of a host op. */
  readonly params: Params;
  /** The host op, if it is one. */
  readonly host: HostOp | null;
}

/** In the order of the program; absent operands are left out. */
export function* operandsOf(program: Int32Array, host: readonly HostOp[]): Generator<Operand> {
  const floats = new Float32Array(program.buffer, program.byteOffset, program.length);
  let step = -1;
  for (let pc = 0; pc < program.length; pc += program[pc + 1]!) {
    const opcode = program[pc]!;
    if (opcode === opcodes.MARK) step = program[pc + 2]!;
    else if (opcode === opcodes.HOST) yield* operandsOfHost(step, host[program[pc + 2]!]!);
    else {
      const layout = layoutOfOpcode(opcode);
      if (layout === undefined) continue;
      const { kernel } = layout;
      const params = paramsAt(program, floats, pc, layout);
      let at = pc + HEAD_WORDS;
      for (const [name, { role }] of layout.operands) {
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
