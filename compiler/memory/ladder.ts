/**
 * The sizes of memory that plans are made for, fixed by the problem. In a small problem they are all sizes at which the
 * fastest schedule may change: some sum of what a step holds, of residents and of segments begun. In a large one there
 * are too many of those, and the rungs are 2 % apart.
 */
import type { Timeline } from './timeline.ts';

const MAX_EXACT = 20_000;
const RATIO = 1.02;

/** Ascending, from `smallest` to below `resident`. */
export function ladderOf(
  timeline: Timeline,
  orders: readonly Int32Array[],
  smallest: number,
  resident: number,
): readonly number[] {
  const rungs = new Set([smallest]);
  const { segments } = timeline.problem;
  const offer = (bytes: number): void => {
    if (bytes > smallest && bytes < resident) rungs.add(bytes);
  };
  if (orders.length * (segments.length + 1) ** 2 * timeline.steps <= MAX_EXACT) {
    for (const order of orders) {
      for (let residents = 0; residents <= order.length; residents++) {
        const kept = new Set(order.subarray(0, residents));
        const floor = segments.reduce((sum, { byteLength }, s) => sum + (kept.has(s) ? byteLength : 0), 0);
        for (let t = 0; t < timeline.steps; t++) {
          let live = floor + timeline.values[t + 1]!;
          offer(live);
          segments.forEach(({ byteLength, lastUse }, s) => {
            if (kept.has(s) || lastUse < t) return;
            live += byteLength;
            offer(live);
          });
        }
      }
    }
  } else {
    for (let bytes = smallest; bytes < resident; bytes = Math.ceil((bytes * RATIO) / 4096) * 4096)
      offer(bytes);
  }
  return [...rungs].sort((a, b) => a - b);
}
