/**
 * From what a graph is lowered to, to what is cut and planned: layers in an order that needs less memory, and slots
 * that share memory where they can. Another order is taken only if it really has a lower peak than the given one,
 * with all that shares memory in both. What comes out is checked, as every plan is.
 */
import type { Lowering } from './lower.ts';
import { targetOf } from './partition.ts';
import { reorder } from './reorder.ts';
import type { SlotId } from './schedule.ts';
import { shareMemory } from './share.ts';
import { verifySharing } from './verify.ts';

export function arrange(lowering: Lowering, target: number = targetOf(lowering)): Lowering {
  // A layer with more weights than a segment is cut, and then needs a segment at a time.
  const weightBytes = (slot: SlotId): number => Math.min(target, lowering.slots[slot]!.byteLength);
  const given = shareMemory(lowering, weightBytes);
  let best = given;
  // Concatenations in one piece from their first part on, as they are now; and as if all were copied.
  const copiesLeft = given.lowering.steps.length === lowering.steps.length;
  for (const slots of copiesLeft ? [lowering.slots] : [given.lowering.slots, lowering.slots]) {
    const ordered = reorder(lowering, slots, weightBytes);
    if (ordered === null) continue;
    const shared = shareMemory(ordered, weightBytes);
    if (shared.cost.peak < best.cost.peak) best = shared;
  }
  verifySharing(best.lowering);
  return best.lowering;
}
