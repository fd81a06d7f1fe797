/**
 * A loader with a source, an engine and a clock that a test moves by hand: which reads are in flight at each moment is
 * a fact here, not a matter of timing.
 */

import { crc32 } from '../../runtime/crc32.ts';
import { segmentStates } from '../../runtime/engine/program.ts';
import { SEGMENT_ALIGNMENT, type SegmentEntry } from '../../runtime/format/format.ts';
import { Loader, NEVER } from '../../runtime/pipeline/loader.ts';
import type { Verify } from '../../runtime/pipeline/loader-parts.ts';

const stateNames = Object.fromEntries(Object.entries(segmentStates).map(([name, state]) => [state, name]));
/** Lets promises settle; the loader has no timers. */
export const settled = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
const contents = (segment: number): Uint8Array => new Uint8Array(SEGMENT_ALIGNMENT).fill(segment + 1);

export class LoaderBench {
  time = 0;
  completed = -1;
  wakeAt = NEVER;
  stops = 0;
  readonly states: string[];
  /** Segments whose read is in flight, in the order of their start. */
  readonly reading: number[] = [];
  readonly loader: Loader;
  /** Called as a read starts. */
  onRead: (segment: number) => void = () => {};
  readonly #ends = new Map<number, (error: Error | null) => void>();
  readonly #targets: Uint8Array[];

  /** Segment s is used by step uses[s] alone. */
  constructor(
    issue: readonly number[],
    uses: readonly number[],
    verify: Verify = 'always',
    maxInFlight = 4,
    prime?: readonly number[],
  ) {
    this.states = issue.map(() => '-');
    this.#targets = issue.map(() => new Uint8Array(SEGMENT_ALIGNMENT));
    const segments = issue.map(
      (_, s): SegmentEntry => ({
        offset: s * SEGMENT_ALIGNMENT,
        byteLength: SEGMENT_ALIGNMENT,
        crc32: crc32(contents(s)),
        firstUse: uses[s]!,
        lastUse: uses[s]!,
      }),
    );
    this.loader = new Loader({
      segments,
      issue,
      ...(prime && { prime }),
      targets: this.#targets,
      source: {
        kind: 'memory',
        byteLength: issue.length * SEGMENT_ALIGNMENT,
        readInto: (_, offset) =>
          new Promise((resolve, reject) => {
            const s = offset / SEGMENT_ALIGNMENT;
            this.reading.push(s);
            this.onRead(s);
            this.#ends.set(s, (error) => (error === null ? resolve() : reject(error)));
          }),
        close: async () => {},
      },
      engine: {
        progress: () => this.completed,
        setWakeAt: (step) => {
          this.wakeAt = step;
        },
        setState: (s, state) => {
          this.states[s] = stateNames[state]!;
        },
        stop: () => {
          this.stops++;
        },
      },
      crc32,
      verify,
      maxInFlight,
      now: () => this.time,
    });
  }

  /** The engine completes a step, and wakes the loader only if it asked for that. */
  complete(step: number): void {
    this.completed = step;
    if (step >= this.wakeAt) this.loader.advance();
  }

  /** A read ends: with the right bytes, with a flipped bit, or with an error. */
  async end(segment: number, how: 'well' | 'flipped' | Error = 'well'): Promise<void> {
    this.reading.splice(this.reading.indexOf(segment), 1);
    this.#targets[segment]!.set(contents(segment));
    if (how === 'flipped') this.#targets[segment]![100]! ^= 4;
    this.#ends.get(segment)!(how instanceof Error ? how : null);
    await settled();
  }
}
