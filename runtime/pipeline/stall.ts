/**
 * How long a run has waited for segments, as its loader sees it. Invariant: time counts from when a step is known to lack
 * a segment to when it is known to lack none.
 */
import type { TraceRing } from './trace.ts';

export class StallClock {
  readonly #now: () => number;
  readonly #trace: TraceRing | null;
  #ms = 0;
  /** −1: nothing is waited for. */
  #since = -1;
  #segment = -1;

  constructor(now: () => number, trace: TraceRing | null) {
    this.#now = now;
    this.#trace = trace;
  }

  get ms(): number {
    return this.#ms;
  }

  /** A run begins. */
  reset(): void {
    this.#ms = 0;
    this.#since = -1;
  }

  /** The segment that the next step lacks now; undefined: none. */
  note(lacking: number | undefined): void {
    if ((lacking !== undefined) === this.#since >= 0) return;
    const now = this.#now();
    if (lacking !== undefined) {
      this.#since = now;
      this.#segment = lacking;
    } else {
      this.#ms += now - this.#since;
      this.#trace?.record('wait', this.#segment, this.#since, now);
      this.#since = -1;
    }
  }
}
