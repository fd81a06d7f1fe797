/**
 * Whether a manifest's addresses hold what the program does. Every byte that a call touches lies in the arena, or, of a
 * weight, in its segment, and no call writes a weight. The WASM engine is fenced by its memory, but its tables are in
 * it too; the native engine has no fence but this.
 *
 * Invariant: a program that passes touches nothing but its arena and its segments, wherever these are. This holds as far
 * as the parameters of its calls say what they touch (`extent.ts`). Parameters come from executor.js, which is code and
 * trusted; addresses come from manifest.bin, which is not. `check-program.ts` has checked that the parameters have
 * extents at all.
 */

import { MillraceError } from '../error.ts';
import type { PlanChoice } from '../format/choose.ts';
import type { Manifest } from '../format/format.ts';
import { layerAt } from '../format/layers.ts';
import { span } from '../kernels/region.ts';
import { isWritten } from '../kernels/signature.ts';
import { extentOf } from './extent.ts';
import type { HostOp } from './host-op.ts';
import { type Operand, operandsOf } from './operands.ts';

/** Where a value lies, and how much there is of what it lies in. */
interface Home {
  readonly offset: number;
  readonly end: number;
  /** null: the arena. */
  readonly segment: number | null;
}

/** From the address of an operand. */
interface Reach {
  readonly low: number;
  readonly high: number;
}

export function checkReach(
  program: Int32Array,
  manifest: Manifest,
  choice: PlanChoice,
  host: readonly HostOp[],
): void {
  const homeOf = homesOf(manifest, choice);
  for (const [i, { name, value, byteLength }] of [...manifest.inputs, ...manifest.outputs].entries()) {
    const home = homeOf(value);
    const reach = { low: 0, high: byteLength };
    if (!holds(home, reach, i < manifest.inputs.length)) throw astray(home, reach, `"${name}"`);
  }
  for (const operand of operandsOf(program, host)) {
    const home = homeOf(operand.value);
    const reach = reachOf(operand);
    if (reach === null || holds(home, reach, isWritten(operand.role))) continue;
    throw astray(home, reach, nameOf(manifest, operand));
  }
}

function homesOf({ weights, segments }: Manifest, { plan }: PlanChoice) {
  const homes = new Map<number, Home>();
  for (const { value, segment, offset } of weights)
    homes.set(value, { offset, end: segments[segment]!.byteLength, segment });
  return (value: number): Home =>
    homes.get(value) ?? { offset: plan.valueOffsets[value]!, end: plan.arenaBytes, segment: null };
}

/** What is not a number is not inside. */
const holds = ({ offset, end, segment }: Home, { low, high }: Reach, writes: boolean): boolean =>
  offset >= 0 && offset + low >= 0 && offset + high <= end && !(writes && segment !== null);

function astray({ offset, end, segment }: Home, { low, high }: Reach, who: string): MillraceError {
  const what = segment === null ? 'the arena' : `segment ${segment}`;
  const inside = offset + low >= 0 && offset + high <= end;
  return new MillraceError('BUNDLE_INVALID', inside ? 'weights are written' : `reaches outside ${what}`, {
    at: `manifest.bin: ${who}`,
    expected: inside ? 'a place in the arena' : `bytes 0 to ${end}`,
    got: offset < 0 ? 'no place' : `bytes ${offset + low} to ${offset + high} of ${what}`,
    hint: 'Compile the model again: manifest.bin is damaged, or made to lie.',
  });
}

/** Null where it touches nothing. */
export function reachOf(operand: Operand): Reach | null {
  let low = Infinity;
  let high = -Infinity;
  for (const one of extentOf(operand)) {
    const bytes = span(one);
    if (bytes <= 0) continue;
    low = Math.min(low, one.offset);
    high = Math.max(high, one.offset + bytes);
  }
  return low === Infinity ? null : { low, high };
}

function nameOf({ layers }: Manifest, { step, kernel, name, host, value }: Operand): string {
  const layer = layerAt(layers, step);
  const where = layer === undefined ? `step ${step}` : `layer "${layer.name}"`;
  return `${where}, ${name} of ${kernel ?? host?.name} (value ${value})`;
}
