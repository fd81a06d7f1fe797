/**
 * For the allocating executor (engine/native/heap.h): which tensors it takes from malloc, and which values lie in
 * them. Left in the arena is what the caller or TypeScript touches: inputs, outputs, and what host ops read or write.
 */

import { MillraceError } from '../../error.ts';
import type { LifetimeEntry, Manifest, Plan } from '../../format/format.ts';
import type { HostOp } from '../host-op.ts';
import { type Operand, operandsOf } from '../operands.ts';
import { reachOf } from '../reach.ts';

export interface HeapTables {
  /** Rows of {first step, step after the last, bytes}, in order of the first step. */
  readonly lives: Float64Array;
  /** Rows of {value, row of `lives`, offset in it}, in order of rows. */
  readonly members: Float64Array;
}

export function heapTables(
  program: Int32Array,
  manifest: Manifest,
  plan: Plan,
  host: readonly HostOp[],
): HeapTables {
  const lives = [...manifest.lifetimes].sort((a, b) => a.start - b.start);
  const offsetOf = (value: number): number => plan.valueOffsets[value]!;
  // At a step the plan gives a byte to one lifetime only, so a value that is touched then lies in that one.
  const homeOf = (value: number, step: number): number =>
    lives.findIndex(
      (life) =>
        life.start <= step &&
        step < life.end &&
        offsetOf(life.value) <= offsetOf(value) &&
        offsetOf(value) < offsetOf(life.value) + life.byteLength,
    );
  const kept = new Set<number>();
  const homes = new Map<number, number>();
  for (const operand of operandsOf(program, host)) {
    const { step, value, kernel } = operand;
    if (offsetOf(value) < 0) continue;
    const life = homes.get(value) ?? homeOf(value, step);
    homes.set(value, life);
    if (kernel === null) kept.add(life);
    if (life >= 0) checkInside(operand, offsetOf(value) - offsetOf(lives[life]!.value), lives[life]!);
  }
  for (const [i, { start, end }] of lives.entries()) if (start < 0 || end > manifest.steps) kept.add(i);
  const rows = lives.flatMap((_, i) => (kept.has(i) ? [] : [i]));
  const rowOf = new Map(rows.map((life, row) => [life, row]));
  const members = [...homes]
    .flatMap(([value, life]) => {
      const row = rowOf.get(life);
      return row === undefined ? [] : [[value, row, offsetOf(value) - offsetOf(lives[life]!.value)] as const];
    })
    .sort((a, b) => a[1] - b[1]);
  return {
    lives: Float64Array.from(
      rows.flatMap((i) => [lives[i]!.start, lives[i]!.end, Math.max(1, lives[i]!.byteLength)]),
    ),
    members: Float64Array.from(members.flat()),
  };
}

/** malloc gives a tensor its lifetime's bytes for its lifetime's steps: no call may touch others. */
function checkInside(operand: Operand, offset: number, life: LifetimeEntry): void {
  const { step } = operand;
  const { name, byteLength, start, end } = life;
  const reach = reachOf(operand);
  if (reach === null) return;
  const [low, high] = [offset + reach.low, offset + reach.high];
  if (start <= step && step < end && low >= 0 && high <= byteLength) return;
  throw new MillraceError('BUNDLE_INVALID', 'a step reaches outside a lifetime', {
    at: `manifest.bin: lifetime "${name}"`,
    expected: `bytes 0 to ${byteLength}, steps ${start} to ${end - 1}`,
    got: `bytes ${low} to ${high}, step ${step}`,
  });
}
