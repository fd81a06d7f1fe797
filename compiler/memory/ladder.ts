/**
 * The sizes of memory that plans are made for, fixed by the problem. In a small problem they are all sizes at which the
 * fastest schedule may change: some sum of what a step holds, of residents and of segments begun. A large problem has too
 * many of those, so its rungs are 2 % apart. Between the two rungs around the budget, more are added: the sizes at which
 * the fastest schedule becomes notably faster. Bisection finds them, since a schedule never slows down as memory grows.
 *
 * Example (U-Net, 62.85 MiB at least, next rung 64.11): beside the step that holds most, reads ahead find room little by
 * little. A run takes 1.9 % less from 63.13 MiB on, 2.6 % from 63.41 and 2.9 % from 63.70. These are rungs as well.
 */
import type { Timeline } from './timeline.ts';

const MAX_EXACT = 20_000;
/** Segments × steps beyond which to place the plan of one rung takes seconds: there the even ones have to do. */
const MAX_BISECTED = 4e6;
const RATIO = 1.02;
/** Between two rungs, a gain below this share of the time isn't looked for, nor below this share of their gain. */
const LEAST_GAIN = 0.001;
const LEAST_SHARE = 1 / 4;
/** Bytes to which such a size is found: what values are aligned to. */
const RESOLUTION = 64;

export interface Ladder {
  /** The rungs up to `bytes`, from the highest down to the smallest memory. */
  downFrom(bytes: number): Iterable<number>;
}

/** From `smallest` to below `resident`. `scheduleMs` is the time of the fastest schedule in some memory. */
export function ladderOf(
  timeline: Timeline,
  orders: readonly Int32Array[],
  smallest: number,
  resident: number,
  scheduleMs: (bytes: number) => number,
): Ladder {
  const { segments } = timeline.problem;
  const isSmall = orders.length * (segments.length + 1) ** 2 * timeline.steps <= MAX_EXACT;
  const isBisected = !isSmall && segments.length * timeline.steps <= MAX_BISECTED;
  const rungs = isSmall
    ? everyChange(timeline, orders, smallest, resident)
    : evenly(smallest, Math.max(resident, smallest + 1));
  return {
    *downFrom(bytes) {
      for (let n = rungs.length - 1; n >= 0; n--) {
        const rung = rungs[n]!;
        const above = rungs[n + 1] ?? resident;
        if (rung > bytes) continue;
        if (isBisected)
          for (const between of gains(rung, above, scheduleMs)) if (between <= bytes) yield between;
        yield rung;
      }
    },
  };
}

function everyChange(
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
  return [...rungs].sort((a, b) => a - b);
}

function evenly(smallest: number, resident: number): readonly number[] {
  const rungs: number[] = [];
  for (let bytes = smallest; bytes < resident; bytes = Math.ceil((bytes * RATIO) / 4096) * 4096)
    rungs.push(bytes);
  return rungs;
}

/** Sizes strictly between `low` and `high` from which on the fastest schedule is notably faster; the largest first. */
function* gains(low: number, high: number, scheduleMs: (bytes: number) => number): Iterable<number> {
  const least = Math.max(LEAST_GAIN * scheduleMs(high), LEAST_SHARE * (scheduleMs(low) - scheduleMs(high)));
  function* within(from: number, to: number): Iterable<number> {
    const gain = scheduleMs(from) - scheduleMs(to);
    if (gain > least && to - from > RESOLUTION) {
      const middle = from + RESOLUTION * Math.ceil((to - from) / (2 * RESOLUTION));
      if (middle < to) {
        yield* within(middle, to);
        yield* within(from, middle);
        return;
      }
    }
    if (gain > 0 && to < high) yield to;
  }
  yield* within(low, high);
}
