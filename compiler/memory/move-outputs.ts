/**
 * Moves outputs off the places of the segments that the next run reads first. Such a segment can be read at the end of
 * the run before ("primed", `runtime/format/prime.ts`). An output in its place prevents that: the caller still has to
 * read it.
 *
 * An output moves to a gap that is free for its whole lifetime and lies within the arena. Priming keeps the order of the
 * segments, so the gap should leave the longest possible prefix of them untouched. Outputs are mostly small and the end
 * of a run has many gaps. Invariant: issue steps, the peak and every other address stay as they are.
 */
import { alignUp } from '../../runtime/format/alignment.ts';
import { RESIDENT, VALUE_ALIGNMENT } from '../../runtime/format/format.ts';
import type { Packed } from './pack.ts';
import type { Timeline } from './timeline.ts';

interface Place {
  readonly bottom: number;
  readonly top: number;
}

export function moveOutputs(timeline: Timeline, packed: Packed, issue: ArrayLike<number>): Packed {
  const { values, segments } = timeline.problem;
  const segmentPlace = (s: number): Place => {
    const bottom = packed.segmentOffsets[s]!;
    return { bottom, top: bottom + segments[s]!.byteLength };
  };
  const first = segments.flatMap((_, s) => (issue[s] === -1 ? [segmentPlace(s)] : []));
  const valueOffsets = packed.valueOffsets.slice();
  const valuePlace = (n: number): Place => {
    const bottom = valueOffsets[n]!;
    return { bottom, top: bottom + alignUp(values[n]!.byteLength, VALUE_ALIGNMENT) };
  };
  for (const [n, { start, end }] of values.entries()) {
    if (end <= timeline.steps) continue;
    const own = valuePlace(n);
    const inWay = first.findIndex((place) => place.bottom < own.top && own.bottom < place.top);
    if (inWay < 0) continue;
    const others = values.flatMap((other, m) =>
      m !== n && other.start < end && start < other.end ? [valuePlace(m)] : [],
    );
    for (const [s, { lastUse }] of segments.entries())
      if (issue[s] === RESIDENT || (issue[s]! + 1 < end && start <= lastUse)) others.push(segmentPlace(s));
    for (let avoided = first.length; avoided > inWay; avoided--) {
      const bottom = lowestGap(
        [...others, ...first.slice(0, avoided)],
        own.top - own.bottom,
        packed.peakBytes,
      );
      if (bottom === null) continue;
      valueOffsets[n] = bottom;
      break;
    }
  }
  return { ...packed, valueOffsets };
}

/** The lowest offset of `bytes` that touch none of the places and end by `capacity`. */
function lowestGap(places: readonly Place[], bytes: number, capacity: number): number | null {
  let floor = 0;
  for (const { bottom, top } of [...places].sort((a, b) => a.bottom - b.bottom)) {
    if (floor + bytes <= bottom) break;
    floor = Math.max(floor, alignUp(top, VALUE_ALIGNMENT));
  }
  return floor + bytes <= capacity ? floor : null;
}
