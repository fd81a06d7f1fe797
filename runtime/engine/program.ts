/**
 * The program: what the generated executor records once and the engine replays on every run. A flat array of
 * 32-bit words in engine memory, {opcode, length in words including these two, operands…}; floats are stored as
 * their bits. Operands are value ids, not addresses, so one program serves every plan and every mode.
 *
 *   END                    the run is complete
 *   MARK step              every earlier step is complete, `step` begins: progress, abort and wake-up are here
 *   WAIT segment           the segment's bytes must have arrived and been verified
 *   FREE segment           its last use has passed
 *   HOST index             TypeScript runs host op `index`, then resumes
 *   a kernel               operands, then parameters, in the order of `kernels/table.ts`
 *
 * This file, `call-words.ts` and `kernels/` are the whole boundary; `engine_abi.h` is generated from them.
 */
import type { KernelName, KernelParams, OperandName } from '../kernels/table.ts';
import { appendCall, HEAD_WORDS, layoutOfCall } from './call-words.ts';

/** Kernels have the opcodes from FIRST_KERNEL (`call-words.ts`) on. */
export const opcodes = { END: 0, MARK: 1, WAIT: 2, FREE: 3, HOST: 4 } as const;

/** What `replay` returns, and what stands in the control block's `status`. */
export const status = {
  RUNNING: 0,
  DONE: 1,
  /** detail: segment that has not arrived (cooperative mode only). */
  NEED: 2,
  /** detail: host op to run before resuming. */
  HOST: 3,
  /** `progress` has reached `wakeAt` (cooperative mode only): the loader may issue reads, then resume. */
  WAKE: 4,
  STOPPED: 5,
  /** detail: one of `engineErrors`. */
  ERROR: 6,
} as const;

export const engineErrors = {
  OPCODE: 1,
  INDEX: 2,
  /** A WAIT found its segment FAILED. */
  SEGMENT: 3,
  /** A mapped page could not be had: the file shrank or its disk failed. Native only. */
  FAULT: 4,
} as const;

/** Engine errors in words; SEGMENT and FAULT have errors of their own as a rule. */
export const engineReasons: Readonly<Record<number, string>> = {
  [engineErrors.OPCODE]: 'the engine does not know this kernel',
  [engineErrors.INDEX]: 'an index is out of range',
  [engineErrors.SEGMENT]: 'a segment failed to arrive',
  [engineErrors.FAULT]: 'a page of the weights could not be had',
};

/** States of a segment, one i32 each. The loader writes ISSUED and ARRIVED, the engine EMPTY. */
export const segmentStates = {
  EMPTY: 0,
  ISSUED: 1,
  ARRIVED: 2,
  /** never emptied */ RESIDENT: 3,
  /** read failed */ FAILED: 4,
} as const;

/**
 * The control block, i32 words at the address the engine exports as `control`. Written by TypeScript before a run:
 * the addresses; during one: `wakeAt`, `stop`. Written by the engine: the rest.
 */
export const controlWords = [
  'status',
  'detail',
  /** Word index in the program at which `replay` resumes. */
  'pc',
  /** Last completed step, −1 before the first. */
  'progress',
  /** The loader sleeps until `progress` ≥ wakeAt; a large number when it needs no wake-up. */
  'wakeAt',
  /** Threads mode: incremented and notified when wakeAt is reached, on HOST and at the end of a run. */
  'wake',
  'stop',
  /** Threads mode: incremented and notified to start a run or to resume one; thread 0 waits on it. */
  'generation',
  /** Byte address of the address table: one u64 per value id. */
  'addresses',
  /** Byte address of the segments' states. */
  'states',
  /** Byte address of the program. */
  'program',
  'threads',
  /** 1: replay returns NEED and WAKE instead of sleeping (one thread, memory not shared). */
  'cooperative',
  /** 1: worker threads leave their loop. */
  'exit',
  /** Byte address of the ring that threads record in; 0: nothing is recorded. */
  'trace',
] as const;
export type ControlWord = (typeof controlWords)[number];

/** Words of a command with one operand: MARK, WAIT, FREE, HOST. */
const COMMAND_WORDS = HEAD_WORDS + 1;

/**
 * Length of a program in words: what each step calls (null: a host op), one WAIT and one FREE for each segment, END.
 * The plan must know it before the executor is written.
 */
export function programLength(steps: Iterable<KernelName | null>, segments: number): number {
  let words = HEAD_WORDS + 2 * COMMAND_WORDS * segments;
  for (const kernel of steps)
    words += COMMAND_WORDS + (kernel === null ? COMMAND_WORDS : layoutOfCall(kernel).words);
  return words;
}

/** Records a program. The generated executor calls it, step by step; the loader then copies `words` to the engine. */
export class Program {
  readonly #words: number[] = [];

  /** Begins a step. */
  mark(step: number): this {
    return this.#command(opcodes.MARK, step);
  }

  wait(segment: number): this {
    return this.#command(opcodes.WAIT, segment);
  }

  free(segment: number): this {
    return this.#command(opcodes.FREE, segment);
  }

  host(index: number): this {
    return this.#command(opcodes.HOST, index);
  }

  /**
   * A kernel call; absent operands are id 0.
   *
   * @throws MillraceError BUNDLE_INVALID where a kernel, function or mode has no such name.
   */
  call<K extends KernelName>(
    kernel: K,
    operands: { readonly [O in OperandName<K>]?: number },
    params: KernelParams<K>,
  ): this {
    appendCall(this.#words, kernel, operands, params);
    return this;
  }

  /** The finished program. */
  end(): Int32Array {
    return Int32Array.from([...this.#words, opcodes.END, HEAD_WORDS]);
  }

  #command(opcode: number, operand: number): this {
    this.#words.push(opcode, COMMAND_WORDS, operand);
    return this;
  }
}
