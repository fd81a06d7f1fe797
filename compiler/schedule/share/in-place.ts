/**
 * Results that take over the memory of an operand whose last use they are. Invariant: nothing that lies in that
 * memory is touched after the step. In the step it is touched only through operands that the kernel reads before it
 * writes the element in their place. Memory that would live longer than both values need is not taken over.
 */
import { signatureOf } from '../../../runtime/kernels/table.ts';
import { overlap, sameRegion } from '../region.ts';
import type { SlotId, Step } from '../schedule.ts';
import { type Sharing, withinOf } from './sharing.ts';

export function takeOver(sharing: Sharing): void {
  const { steps } = sharing.fixed.lowering;
  const touches = touchesOf(sharing);
  const firstOf = (slots: readonly SlotId[]): number =>
    Math.min(...slots.map((slot) => touches.get(slot)?.first ?? Number.POSITIVE_INFINITY));
  const lastOf = (slots: readonly SlotId[]): number =>
    Math.max(...slots.map((slot) => touches.get(slot)?.last ?? -1));
  for (const [t, step] of steps.entries()) {
    const { action } = step;
    if (action.kind === 'host' || sharing.removed.has(t)) continue;
    const allowed = signatureOf(action.kernel).inPlace ?? [];
    const y = action.operands['y']!;
    if (allowed.length === 0 || withinOf(sharing.slots, y) !== undefined) continue;
    const result = sharing.membersOf(y);
    if (firstOf(result) < t) continue;
    for (const operand of allowed) {
      const x = action.operands[operand];
      if (x === undefined || !mayEnd(sharing, step, x, y, allowed)) continue;
      const { root, region } = sharing.placeOf(x);
      const members = sharing.membersOf(root);
      const longer = sharing.slots[root]!.byteLength !== sharing.slots[y]!.byteLength;
      if (longer && lastOf(members) < lastOf(result)) continue;
      const others = members.filter((slot) => overlap(sharing.placeOf(slot).region!, region!));
      if (lastOf(others) <= t && sharing.succeed(y, x)) break;
    }
  }
}

/** Whether `y` would coincide with `x` and with no operand that the kernel may not overwrite. */
function mayEnd(
  sharing: Sharing,
  { action }: Step,
  x: SlotId,
  y: SlotId,
  allowed: readonly string[],
): boolean {
  const { slots } = sharing;
  if (action.kind === 'host' || slots[x]!.kind === 'weight') return false;
  if (slots[x]!.byteLength !== slots[y]!.byteLength) return false;
  const place = sharing.placeOf(x);
  if (place.region?.rows !== 1) return false;
  for (const [name, slot] of Object.entries(action.operands)) {
    if (name === 'y' || slots[slot]!.kind === 'weight') continue;
    const other = sharing.placeOf(slot);
    if (other.root !== place.root || !overlap(other.region!, place.region)) continue;
    if (!allowed.includes(name) || !sameRegion(other.region!, place.region)) return false;
  }
  return true;
}

/** First and last time a slot is an operand; −1 before the run, T after it. */
function touchesOf({ fixed, removed }: Sharing): Map<SlotId, { first: number; last: number }> {
  const touches = new Map<SlotId, { first: number; last: number }>();
  const touch = (slot: SlotId, t: number): void => {
    const known = touches.get(slot);
    if (known === undefined) touches.set(slot, { first: t, last: t });
    else {
      known.first = Math.min(known.first, t);
      known.last = Math.max(known.last, t);
    }
  };
  for (const [slot, times] of fixed.users) for (const t of times) if (!removed.has(t)) touch(slot, t);
  for (const slot of fixed.inputs) touch(slot, -1);
  for (const slot of fixed.outputs) touch(slot, fixed.lowering.steps.length);
  return touches;
}
