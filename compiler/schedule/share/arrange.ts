/**
 * From what a graph is lowered to, to what is cut and planned: layers in an order that needs less memory, and slots
 * that share memory where they can. Several ways are tried and measured as the planner will see them, with the
 * segments that partition makes of each. Invariant: the bound on memory is not above that of the given order without
 * sharing; another order is taken only for a lower bound. What comes out is checked, as every plan is.
 */

import { atOnce, type Pieces } from '../../pieces.ts';
import { partition, targetOf } from '../cut/partition.ts';
import { liveBytesOf } from '../lifetimes.ts';
import type { Lowering } from '../lower/lower.ts';
import type { SlotId } from '../schedule.ts';
import { reorder } from './reorder.ts';
import { copyingAll, shareMemory } from './share.ts';
import { verifySharing } from './verify.ts';

export const arrange = (lowering: Lowering, target?: number): Lowering => atOnce(arranging(lowering, target));

/** The same, one way after the other; yields the share of the ways that have been tried. */
export function* arranging(lowering: Lowering, target: number = targetOf(lowering)): Pieces<Lowering> {
  // A layer with more weights than a segment is cut, and then needs a segment at a time.
  const weightBytes = (slot: SlotId): number => Math.min(target, lowering.slots[slot]!.byteLength);
  const given = shareMemory(lowering, weightBytes);
  let best = given;
  let least = smallestArena(given, target);
  yield 0.25;
  const offer = (other: Lowering): void => {
    const bytes = smallestArena(other, target);
    if (bytes >= least) return;
    best = other;
    least = bytes;
  };
  offer(copyingAll(lowering));
  offer(lowering);
  yield 0.5;
  // Concatenations in one piece from their first part on, as they are now; and as if all were copied.
  const copiesLeft = given.steps.length === lowering.steps.length;
  for (const slots of copiesLeft ? [lowering.slots] : [given.slots, lowering.slots]) {
    const ordered = reorder(lowering, slots, weightBytes);
    if (ordered !== null) offer(shareMemory(ordered, weightBytes));
    yield 0.75;
  }
  verifySharing(best);
  return best;
}

/** Bytes below which no plan is: those live at a step, with the segments between their first and last use. */
function smallestArena(lowering: Lowering, target: number): number {
  const schedule = partition(lowering, target);
  const live = liveBytesOf(schedule);
  // Segments are in the order of first use.
  const change = new Float64Array(live.length + 1);
  for (const { byteLength, firstUse, lastUse } of schedule.segments) {
    change[firstUse + 1]! += byteLength;
    change[lastUse + 2]! -= byteLength;
  }
  let weights = 0;
  return live.reduce((most, bytes, i) => {
    weights += change[i]!;
    return Math.max(most, bytes + weights);
  }, 0);
}
