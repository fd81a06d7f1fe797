/**
 * What a model holds whose weights are used where they lie in a mapped file. Pages of the file and pages of the arena are
 * different memory. The joint plan's peak, in which they take turns at the same addresses, says too little. The model
 * holds all pages of the arena that any value ever touches (they stay), and the largest sum of mapped segments.
 *
 * Where no segment lies in the arena, its values may lie closer. Lifetimes of values are the same in all stored plans, so
 * any plan's placement of values serves every issue order. The one that touches the fewest pages is taken, and the pages
 * where only segments would lie are left out. Worked example, pages of 4 KiB: x at 0 (2 pages), segments at 2 to 9,
 * y at 10 (1 page) → x at 0, y at 2, an arena of 3 pages. Invariant: what lay apart lies apart, at its own offset
 * within a page, and every lifetime lies inside the new arena.
 */
import { alignDown, alignUp } from './alignment.ts';
import { type Manifest, type Plan, SEGMENT_ALIGNMENT } from './format.ts';
import { mappedBytes } from './prime.ts';

const PAGE = SEGMENT_ALIGNMENT;

/** Pages that are touched: [from, to) in the stored arena, and where `from` lies in the new one. */
interface Touched {
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

interface Placement {
  readonly arenaBytes: number;
  readonly valueOffsets: readonly number[];
}

/**
 * Some plans as a mapped model runs them, in their order: `peakBytes` counts both memories. `issues` says when their
 * reads may start.
 */
export function mappedPlans(
  manifest: Manifest,
  plans: readonly Plan[],
  issues: readonly (readonly number[])[],
): Plan[] {
  const { arenaBytes, valueOffsets } = manifest.plans
    .map((plan) => placementOf(manifest, plan))
    .reduce((best, other) => (other.arenaBytes < best.arenaBytes ? other : best));
  // Segments have no place in this arena.
  const segmentOffsets = manifest.segments.map(() => 0);
  return plans.map((plan, i) => ({
    ...plan,
    peakBytes: manifest.fixedBytes + arenaBytes + windowBytes(manifest, issues[i]!),
    arenaBytes,
    segmentOffsets,
    valueOffsets,
  }));
}

function placementOf(manifest: Manifest, plan: Plan): Placement {
  const touched = touchedPages(manifest, plan);
  const last = touched.at(-1);
  const end = last === undefined ? 0 : last.at + last.to - last.from;
  return {
    // The engine shows its arena to JavaScript: there is always some.
    arenaBytes: Math.max(end, PAGE),
    // A value outside of all lifetimes has no bytes; if it claims some, they would be past the end.
    valueOffsets: plan.valueOffsets.map((offset) => (offset < 0 ? offset : (moved(touched, offset) ?? end))),
  };
}

function touchedPages({ lifetimes, inputs, outputs }: Manifest, plan: Plan): Touched[] {
  const ranges = [...lifetimes, ...inputs, ...outputs]
    .map(({ value, byteLength }) => ({ offset: plan.valueOffsets[value]!, byteLength }))
    .filter(({ offset, byteLength }) => offset >= 0 && byteLength > 0)
    .map(({ offset, byteLength }) => ({
      from: alignDown(offset, PAGE),
      to: alignUp(Math.min(offset + byteLength, plan.arenaBytes), PAGE),
    }))
    .sort((a, b) => a.from - b.from);
  const touched: Touched[] = [];
  let at = 0;
  for (const { from, to } of ranges) {
    const last = touched.at(-1);
    if (last !== undefined && from <= last.to) {
      const end = Math.max(last.to, to);
      at += end - last.to;
      touched[touched.length - 1] = { ...last, to: end };
    } else if (to > from) {
      touched.push({ from, to, at });
      at += to - from;
    }
  }
  return touched;
}

function moved(touched: readonly Touched[], offset: number): number | null {
  let low = 0;
  for (let high = touched.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (touched[middle]!.to > offset) high = middle;
    else low = middle + 1;
  }
  const home = touched[low];
  return home === undefined || offset < home.from ? null : home.at + offset - home.from;
}

/** The most bytes of segments that are mapped at a time. */
const windowBytes = (manifest: Manifest, issue: readonly number[]): number =>
  mappedBytes(manifest, issue).reduce((most, bytes) => Math.max(most, bytes), 0);
