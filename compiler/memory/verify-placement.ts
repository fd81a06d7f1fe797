/**
 * Checks addresses of intervals alone, from the definition and with no code of the planners: what is held at the same
 * time is disjoint. Returns the first byte above everything.
 */
import { MillraceError } from '../../runtime/error.ts';
import type { Interval, Placement } from './interval.ts';

export function verifyPlacement(intervals: readonly Interval[], placement: Placement): number {
  let peak = 0;
  let held: Interval[] = [];
  const bottomOf = ({ id }: Interval): number => {
    const offset = placement.get(id);
    if (offset === undefined || !Number.isSafeInteger(offset) || offset < 0) {
      throw new MillraceError('INTERNAL', 'has no address', { at: `interval ${id}`, got: `${offset}` });
    }
    return offset;
  };
  for (const interval of [...intervals].sort((a, b) => a.start - b.start)) {
    const bottom = bottomOf(interval);
    const top = bottom + interval.byteLength;
    peak = Math.max(peak, top);
    const still: Interval[] = [];
    for (const other of held) {
      if (other.end <= interval.start) continue;
      still.push(other);
      const otherBottom = bottomOf(other);
      if (bottom < otherBottom + other.byteLength && otherBottom < top) {
        throw new MillraceError('INTERNAL', 'overlap while both are held', {
          at: `intervals ${other.id} and ${interval.id}`,
          got: `[${otherBottom}, ${otherBottom + other.byteLength}) and [${bottom}, ${top})`,
        });
      }
    }
    still.push(interval);
    held = still;
  }
  return peak;
}
