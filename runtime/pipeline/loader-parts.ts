/** What a loader is made of: the segments and when they may be read, where they come from, and whom it tells. */

import type { Crc32 } from '../crc32.ts';
import type { segmentStates } from '../engine/program.ts';
import type { SegmentEntry } from '../format/format.ts';
import type { WeightSource } from '../weights/source.ts';
import type { TraceRing } from './trace.ts';

/** What the loader sees of the engine. */
export interface Progress {
  /** Last completed step, −1 before the first. */
  progress(): number;
  /** Asks for `advance` when that step is complete. */
  setWakeAt(step: number): void;
  setState(segment: number, state: (typeof segmentStates)[keyof typeof segmentStates]): void;
  /** The run can't go on: a segment will never arrive. */
  stop(): void;
}

/** When checksums are compared. */
export type Verify = 'always' | 'first' | 'never';

export interface LoaderParts {
  readonly segments: readonly SegmentEntry[];
  /** Per segment: the step after which its read may start, or RESIDENT. */
  readonly issue: readonly number[];
  /** Per segment: the step after which it may be read for the next run, or NOT_PRIMED; absent: none is. */
  readonly prime?: readonly number[];
  /** Per segment: its place in the arena. */
  readonly targets: readonly Uint8Array[];
  readonly source: WeightSource;
  readonly engine: Progress;
  readonly crc32: Crc32;
  readonly verify: Verify;
  readonly maxInFlight: number;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  /** null: nothing is recorded. */
  readonly trace?: TraceRing | null;
}
