/**
 * Where a slot lies in the memory of another: at an offset, in one piece or in rows that lie apart. A slot whose rows
 * lie apart is what a concatenation's part or a slice along the channels is.
 */

import { MillraceError } from '../../runtime/error.ts';
import { type Region, region, span, whole } from '../../runtime/kernels/region.ts';
import type { Slot, SlotId } from './schedule.ts';

export { type Region, region, span, whole };

export const sameRegion = (a: Region, b: Region): boolean =>
  a.offset === b.offset && a.rows === b.rows && a.bytes === b.bytes && a.stride === b.stride;

/**
 * A region of a slot (`inner`, in the slot's own bytes) as a region of what the slot lies in. Inner rows must lie within
 * outer rows, or be whole ones. Otherwise the bytes are not rows of it, and the result is null.
 */
export function compose(inner: Region, outer: Region): Region | null {
  if (outer.rows === 1) return { ...inner, offset: inner.offset + outer.offset };
  const row = Math.floor(inner.offset / outer.bytes);
  const column = inner.offset % outer.bytes;
  const offset = outer.offset + row * outer.stride + column;
  if (column + inner.bytes <= outer.bytes) {
    if (inner.rows === 1) return whole(inner.bytes, offset);
    if (inner.stride % outer.bytes !== 0) return null;
    return region(offset, inner.rows, inner.bytes, (inner.stride / outer.bytes) * outer.stride);
  }
  const wholeRows = inner.rows === 1 && column === 0 && inner.bytes % outer.bytes === 0;
  return wholeRows ? region(offset, inner.bytes / outer.bytes, outer.bytes, outer.stride) : null;
}

/** Whether a byte is in both. */
export function overlap(a: Region, b: Region): boolean {
  if (a.offset + span(a) <= b.offset || b.offset + span(b) <= a.offset) return false;
  if (a.rows === 1) return stridesMeet(a, b, b.stride);
  if (b.rows === 1 || a.stride === b.stride) return stridesMeet(a, b, a.stride);
  for (let row = 0; row < a.rows; row++)
    if (stridesMeet(whole(a.bytes, a.offset + row * a.stride), b, b.stride)) return true;
  return false;
}

/**
 * Row i of a and row j of b meet where −b.bytes < b.offset − a.offset + (j − i)·stride < a.bytes: is there such a
 * difference among those that the rows have?
 */
function stridesMeet(a: Region, b: Region, stride: number): boolean {
  const apart = b.offset - a.offset;
  const least = Math.max(1 - a.rows, Math.floor((-b.bytes - apart) / stride) + 1);
  const most = Math.min(b.rows - 1, Math.ceil((a.bytes - apart) / stride) - 1);
  return least <= most;
}

/** The slot in whose memory `id` lies, and where in it; null where its bytes are not rows of it. */
export function placeOf(
  slots: readonly (Slot | null)[],
  id: SlotId,
): { readonly root: SlotId; readonly region: Region | null } {
  const slot = slots[id]!;
  let root = id;
  let place: Region | null = whole(slot.byteLength);
  for (let at: Slot | null = slot; at?.kind !== 'weight' && at?.within; at = slots[root]!) {
    const { within, byteLength } = at;
    const { offset, rows } = within;
    const outer: Region =
      rows === undefined
        ? whole(byteLength, offset)
        : region(offset, byteLength / rows.bytes, rows.bytes, rows.stride);
    place = place && compose(place, outer);
    root = within.slot;
  }
  return { root, region: place };
}

/** The same for a slot that is known to be rows of its root, as every one is that a step touches. */
export function rootOf(
  schedule: { readonly slots: readonly (Slot | null)[] },
  id: SlotId,
): { readonly root: SlotId; readonly region: Region } {
  const { root, region } = placeOf(schedule.slots, id);
  if (region !== null) return { root, region };
  throw new MillraceError('INTERNAL', 'a slot is not rows of the slot it lies in', { at: `slot ${id}` });
}
