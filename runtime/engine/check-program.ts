/**
 * Whether a recorded program is one the engine can run under this manifest. Words: every opcode, id and parameter is
 * one that the engine knows. Steps: they are the manifest's, in order. Segments: each is awaited in the step of its
 * first use and let go in that of its last, and its weights are touched in between. Plans issue every read before the
 * first use (`format/check.ts`), so a program that passes never waits for a read that only a later step would start.
 */
import { MillraceError } from '../error.ts';
import type { Manifest } from '../format/format.ts';
import { checkCall, HEAD_WORDS, layoutOfOpcode } from './call-words.ts';
import type { HostOp } from './host-op.ts';
import { opcodes } from './program.ts';

export const mismatch = (what: string, expected: string | number, got: string | number): MillraceError =>
  new MillraceError('BUNDLE_INVALID', what, {
    at: 'executor.js',
    expected: String(expected),
    got: String(got),
    hint: 'The files are of different compilations: copy the whole folder again.',
  });

export function checkProgram(words: Int32Array, manifest: Manifest, host: readonly HostOp[]): void {
  const { steps, segments } = manifest;
  const uses = new SegmentUses(manifest);
  let step = -1;
  for (let pc = 0; pc < words.length; pc += words[pc + 1]!) {
    const operand = words[pc + HEAD_WORDS]!;
    switch (words[pc]!) {
      case opcodes.END:
        break;
      case opcodes.MARK:
        if (operand !== ++step || step >= steps) throw mismatch('next step', step, operand);
        break;
      case opcodes.WAIT:
        below('segment', operand, segments.length);
        uses.wait(operand, step);
        break;
      case opcodes.FREE:
        below('segment', operand, segments.length);
        uses.free(operand, step);
        break;
      case opcodes.HOST:
        below('host op', operand, host.length);
        for (const { value } of operandsOfHost(host[operand]!)) {
          below(`operand of ${host[operand]!.name}`, value, manifest.values);
          uses.touch(value, step);
        }
        break;
      default:
        checkKernel(words, pc, manifest, uses, step);
    }
  }
  if (step + 1 !== steps) throw mismatch('steps', steps, step + 1);
  uses.end();
}

function checkKernel(
  words: Int32Array,
  pc: number,
  { values }: Manifest,
  uses: SegmentUses,
  step: number,
): void {
  const layout = layoutOfOpcode(words[pc]!);
  if (layout === undefined) throw mismatch('opcode', 'a kernel', words[pc]!);
  const wrong = checkCall(words, pc, layout);
  if (wrong !== null) throw wrong;
  for (let at = 0; at < layout.operands.length; at++) {
    const value = words[pc + HEAD_WORDS + at]!;
    below(`operand of ${layout.kernel}`, value, values);
    uses.touch(value, step);
  }
}

const operandsOfHost = ({ inputs, outputs }: HostOp) =>
  [...inputs, ...outputs].filter((operand) => operand !== null);

function below(what: string, value: number, bound: number): void {
  if (!(value >= 0 && value < bound)) throw mismatch(what, `below ${bound}`, value);
}

const WAITED = 1;
const FREED = 2;

/** Follows each segment from its WAIT to its FREE. */
class SegmentUses {
  readonly #segments: Manifest['segments'];
  readonly #states: Uint8Array;
  readonly #segmentOf: ReadonlyMap<number, number>;

  constructor({ segments, weights }: Manifest) {
    this.#segments = segments;
    this.#states = new Uint8Array(segments.length);
    this.#segmentOf = new Map(weights.map(({ value, segment }) => [value, segment]));
  }

  wait(segment: number, step: number): void {
    const { firstUse } = this.#segments[segment]!;
    if (step !== firstUse || this.#states[segment] !== 0)
      throw mismatch(`wait for segment ${segment}`, `once, in step ${firstUse}`, `in step ${step}`);
    this.#states[segment] = WAITED;
  }

  free(segment: number, step: number): void {
    const { lastUse } = this.#segments[segment]!;
    if (step !== lastUse || this.#states[segment] !== WAITED)
      throw mismatch(`end of segment ${segment}`, `once, in step ${lastUse}`, `in step ${step}`);
    this.#states[segment] = FREED;
  }

  touch(value: number, step: number): void {
    const segment = this.#segmentOf.get(value);
    if (segment === undefined || this.#states[segment] === WAITED) return;
    const { firstUse, lastUse } = this.#segments[segment]!;
    throw mismatch(
      `use of segment ${segment}`,
      `between its wait in step ${firstUse} and its end in step ${lastUse}`,
      `in step ${step}`,
    );
  }

  end(): void {
    for (const [segment, state] of this.#states.entries())
      if (state !== FREED) throw mismatch(`segment ${segment}`, 'awaited and let go', 'never');
  }
}
