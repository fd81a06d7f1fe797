/**
 * From what a graph is lowered to, to what is cut and planned: slots share memory where they can. What comes out is
 * checked, as every plan is.
 */
import type { Lowering } from './lower.ts';
import { targetOf } from './partition.ts';
import type { SlotId } from './schedule.ts';
import { type Shared, shareMemory } from './share.ts';
import { verifySharing } from './verify.ts';

export function arrange(lowering: Lowering, target: number = targetOf(lowering)): Lowering {
  // A layer with more weights than a segment is cut, and then needs a segment at a time.
  const weightBytes = (slot: SlotId): number => Math.min(target, lowering.slots[slot]!.byteLength);
  const shared: Shared = shareMemory(lowering, weightBytes);
  verifySharing(shared.lowering);
  return shared.lowering;
}
