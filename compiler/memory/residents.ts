/**
 * Which segments stay in memory. A resident saves its read in every run and raises the floor at every step, so its worth
 * depends on where the run waits. The search considers prefixes of a few orders of preference. The orders come
 * from the problem alone, never from the budget. For a fixed set of residents more memory can only make a run faster, and
 * so for the best of fixed sets. Hence a larger budget never predicts a longer run.
 */
import { RESIDENT } from '../../runtime/format/format.ts';
import { earliestIssue, sequentialIssue } from './issue.ts';
import { liveBytes, type Timeline } from './timeline.ts';

/** Multiples of the smallest memory in which stalls are looked at, to rank segments by the stall they cause. */
const REFERENCES = [1.05, 1.5, 3, 8];

export interface Schedule {
  /** Per segment, RESIDENT for residents. */
  readonly issue: Int32Array;
  readonly totalMs: number;
}

/** Largest sum of live bytes when every read is sequential: no plan is smaller. */
export function sequentialBytes(timeline: Timeline): number {
  const { segments } = timeline.problem;
  const live = liveBytes(
    timeline.steps,
    segments.map(({ byteLength, firstUse, lastUse }) => ({
      bytes: byteLength,
      start: firstUse,
      end: lastUse + 1,
    })),
  );
  return live.reduce((largest, bytes, n) => Math.max(largest, bytes + timeline.values[n]!), 0);
}

/** Orders of preference; each lists every segment once. */
export function residentOrders(timeline: Timeline): readonly Int32Array[] {
  const count = timeline.problem.segments.length;
  const byUse = Int32Array.from({ length: count }, (_, s) => s);
  const smallest = sequentialBytes(timeline);
  return [
    byUse,
    byUse.slice().reverse(),
    spreadOrder(count),
    ...REFERENCES.map((factor) => stallOrder(timeline, smallest * factor)),
  ];
}

/**
 * Every prefix is spread evenly along the run (bit reversal). What is still read is then spread evenly too: no window of
 * the run has to read more than its share.
 */
export function spreadOrder(count: number): Int32Array {
  const bits = Math.ceil(Math.log2(Math.max(2, count)));
  const order: number[] = [];
  for (let n = 0; n < 2 ** bits; n++) {
    let reversed = 0;
    for (let bit = 0; bit < bits; bit++) if (n & (1 << bit)) reversed |= 1 << (bits - 1 - bit);
    if (reversed < count) order.push(reversed);
  }
  return Int32Array.from(order);
}

/**
 * Repeatedly makes resident the segment that causes most waiting per byte at a given size of memory. A stall is caused by
 * all reads of the busy stretch before it: since the reader last waited for memory to become free.
 */
function stallOrder(timeline: Timeline, bytes: number): Int32Array {
  const { problem, simulator, steps } = timeline;
  const { segments, read } = problem;
  const count = segments.length;
  const issue = sequentialIssue(timeline);
  const into = {
    doneMs: new Float64Array(steps),
    startMs: new Float64Array(count),
    arriveMs: new Float64Array(count),
    stallMs: new Float64Array(count),
  };
  const order: number[] = [];
  const refused = new Set<number>();
  while (order.length + refused.size < count) {
    if (!earliestIssue(timeline, bytes, issue)) {
      const last = order.pop();
      if (last === undefined) break;
      issue[last] = segments[last]!.firstUse - 1;
      refused.add(last);
      continue;
    }
    simulator.run(issue, into);
    let waiting = 0;
    let best = -1;
    let bestWorth = 0;
    for (let s = count - 1; s >= 0; s--) {
      if (issue[s] === RESIDENT) continue;
      const { byteLength } = segments[s]!;
      const readMs = read.latencyMs + byteLength / read.bytesPerMs;
      waiting += into.stallMs[s]!;
      const worth = Math.min(waiting, readMs) / byteLength;
      if (worth > bestWorth && !refused.has(s)) {
        bestWorth = worth;
        best = s;
      }
      const after = issue[s]!;
      const gate = after >= 0 ? into.doneMs[after]! : 0;
      if (into.arriveMs[s]! - readMs <= gate * (1 + 1e-12)) waiting = 0;
    }
    if (best < 0) break;
    order.push(best);
    issue[best] = RESIDENT;
  }
  const listed = new Set(order);
  for (const s of spreadOrder(count)) if (!listed.has(s)) order.push(s);
  return Int32Array.from(order);
}

/** Numbers of residents to consider: all small ones, then in steps of an eighth. */
function prefixLengths(count: number): number[] {
  const lengths: number[] = [];
  for (let n = 0; n < count; n = Math.max(n + 1, Math.floor(n * 1.125))) lengths.push(n);
  return [...lengths, count];
}

/** The fastest schedule found that holds at most `bytes`; the fewest residents among equals. Null if there is none. */
export function fastestSchedule(
  timeline: Timeline,
  orders: readonly Int32Array[],
  bytes: number,
): Schedule | null {
  const count = timeline.problem.segments.length;
  const issue = new Int32Array(count);
  let best: Schedule | null = null;
  for (const order of orders) {
    issue.fill(0);
    let residents = 0;
    for (const length of prefixLengths(count)) {
      for (; residents < length; residents++) issue[order[residents]!] = RESIDENT;
      if (!earliestIssue(timeline, bytes, issue)) break;
      const totalMs = timeline.simulator.run(issue);
      if (best === null || totalMs < best.totalMs * (1 - 1e-12)) best = { issue: issue.slice(), totalMs };
      if (totalMs <= timeline.computeMs * (1 + 1e-12)) break;
    }
  }
  return best;
}
