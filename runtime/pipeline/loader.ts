/**
 * What is read when. The protocol of planning.md, whole: the read of streamed segment s may start when every earlier
 * streamed segment's read has been started and step issue[s] has completed. The engine does the other half (a step
 * waits for the segments it uses), so bytes never land where something live lies, however slow or fast reads are.
 *
 *   issue     −1  −1   1        begin(): a and b are started, wakeAt = 1
 *   segment    a   b   c        advance() after step 0: nothing; after step 1: c is started, wakeAt = ∞
 *
 * Once the last read of a run has been started, the reads that the next run starts with may follow, each after the step
 * that the plan gives it (format/prime.ts). They are the same reads in the same order, only earlier: `begin` finds their
 * states as they are and goes on behind them. What goes wrong with one is the next run's error. A run that was not
 * completed leaves nothing behind.
 *
 * There are no timers and no threads here: the loader acts when it is called and when a read settles. Invariant:
 * `wakeAt` is above the progress that was seen, or another look follows; between runs nothing is in flight but what is
 * primed.
 */

import { segmentStates } from '../engine/program.ts';
import type { MillraceError } from '../error.ts';
import { RESIDENT } from '../format/format.ts';
import { NOT_PRIMED } from '../format/prime.ts';
import type { LoaderParts } from './loader-parts.ts';
import { SegmentReader } from './segment-reader.ts';
import { StallClock } from './stall.ts';

/** wakeAt when no step is of interest. */
export const NEVER = 0x7fffffff;

/** What has become of the reads for one run. */
interface Reads {
  /** Places in #streamed: the next to start. */
  next: number;
  inFlight: number;
  bytes: number;
  /** The first that went wrong. */
  failure: MillraceError | null;
}

export class Loader {
  readonly #parts: LoaderParts;
  /** Streamed segments in the order of their reads. */
  readonly #streamed: readonly number[];
  readonly #resident: readonly number[];
  readonly #arrived: Uint8Array;
  readonly #reader: SegmentReader;
  readonly #stall: StallClock;
  /** For the run that goes on, or was the last, and for the next. */
  #own: Reads = { next: 0, inFlight: 0, bytes: 0, failure: null };
  #ahead: Reads = { next: 0, inFlight: 0, bytes: 0, failure: null };
  /** Place in #streamed: the earliest that has not arrived. */
  #missing = 0;
  #stopped = true;
  #interrupted = false;
  #awaited: { readonly segment: number; readonly settle: () => void } | null = null;
  #idle: (() => void) | null = null;

  constructor(parts: LoaderParts) {
    this.#parts = parts;
    const all = parts.segments.map((_, s) => s);
    this.#streamed = all.filter((s) => parts.issue[s] !== RESIDENT);
    this.#resident = all.filter((s) => parts.issue[s] === RESIDENT);
    this.#arrived = new Uint8Array(all.length);
    this.#reader = new SegmentReader(parts);
    this.#stall = new StallClock(parts.now, parts.trace ?? null);
  }

  /** What stopped the loader in this run. */
  get failure(): MillraceError | null {
    return this.#own.failure;
  }

  /** Bytes of the segments that arrived for this run, primed ones included, or of the residents. */
  get bytesRead(): number {
    return this.#own.bytes;
  }

  /** Time in which the next step was ready but for a segment. */
  get stallMs(): number {
    return this.#stall.ms;
  }

  /** A read could start but for the number in flight: its turn comes when a read settles. */
  get backlogged(): boolean {
    return !this.#stopped && this.#nextIssue() <= this.#parts.engine.progress();
  }

  /** Reads the segments that stay, once, before the first run. */
  async loadResidents(): Promise<void> {
    const { engine, segments } = this.#parts;
    clear(this.#own);
    await this.#reader.readAll(this.#resident, (s) => {
      this.#own.bytes += segments[s]!.byteLength;
      engine.setState(s, segmentStates.RESIDENT);
    });
  }

  /** Starts a run: the engine's progress is −1, and nothing is in flight but what is primed. */
  begin(): void {
    const { engine } = this.#parts;
    [this.#own, this.#ahead] = [this.#ahead, this.#own];
    clear(this.#ahead);
    for (let place = this.#own.next; place < this.#streamed.length; place++) {
      this.#arrived[this.#streamed[place]!] = 0;
      engine.setState(this.#streamed[place]!, segmentStates.EMPTY);
    }
    this.#missing = 0;
    this.#passArrived();
    this.#stall.reset();
    this.#stopped = this.#own.failure !== null;
    if (this.#stopped) engine.stop();
    this.advance();
  }

  /** The engine has completed a step, or a segment has arrived: starts what may start. */
  advance(): void {
    const { engine } = this.#parts;
    for (;;) {
      const progress = engine.progress();
      this.#startUpTo(progress);
      this.#stall.note(this.#starvesAt() <= progress ? this.#streamed[this.#missing] : undefined);
      const wakeAt = this.#wakeAfter(progress);
      engine.setWakeAt(wakeAt);
      // The engine may have completed that very step before wakeAt was written, and would not wake us.
      if (engine.progress() < wakeAt) return;
    }
  }

  /**
   * Resolves when the segment has arrived in this run, or when `interrupt` is called; rejects with what stopped the
   * loader.
   */
  async arrival(segment: number): Promise<void> {
    this.#interrupted = false;
    while (this.#arrived[segment] === 0 && !this.#interrupted) {
      if (this.failure !== null) throw this.failure;
      await new Promise<void>((settle) => {
        this.#awaited = { segment, settle };
      });
    }
  }

  /** Ends a wait for a segment: the engine has been told to stop, and shall notice. */
  interrupt(): void {
    this.#interrupted = true;
    this.#awaited?.settle();
    this.#awaited = null;
  }

  /**
   * The run is over. Resolves when nothing is in flight for it, and the arena's values are the caller's again. If it was
   * completed, reads for the next run go on; else nothing more is started, and what was primed is forgotten.
   */
  async settle(completed: boolean): Promise<void> {
    const goesOn = completed && this.failure === null && this.#own.next === this.#streamed.length;
    if (goesOn) this.advance();
    else this.#stopped = true;
    while (this.#own.inFlight > 0 || (!goesOn && this.#ahead.inFlight > 0))
      await new Promise<void>((idle) => {
        this.#idle = idle;
      });
    if (!goesOn) clear(this.#ahead);
  }

  /** When the next read may start, for this run or the next; NEVER: it may not. */
  #nextIssue(): number {
    const { issue, prime } = this.#parts;
    const own = this.#streamed[this.#own.next];
    if (own !== undefined) return issue[own]!;
    const ahead = this.#streamed[this.#ahead.next];
    if (ahead === undefined || prime === undefined || this.#ahead.failure !== null) return NEVER;
    return prime[ahead] === NOT_PRIMED ? NEVER : prime[ahead]!;
  }

  #startUpTo(progress: number): void {
    while (!this.#stopped && this.#nextIssue() <= progress) {
      if (this.#own.inFlight + this.#ahead.inFlight >= this.#parts.maxInFlight) return;
      this.#start(this.#own.next < this.#streamed.length ? this.#own : this.#ahead);
    }
  }

  #start(reads: Reads): void {
    const { engine, segments } = this.#parts;
    const s = this.#streamed[reads.next++]!;
    reads.inFlight++;
    this.#arrived[s] = 0;
    engine.setState(s, segmentStates.ISSUED);
    this.#reader.read(s).then(
      () => {
        reads.inFlight--;
        reads.bytes += segments[s]!.byteLength;
        this.#arrived[s] = 1;
        this.#passArrived();
        engine.setState(s, segmentStates.ARRIVED);
        if (!this.#stopped) this.advance();
        this.#settled(s);
      },
      (error: MillraceError) => {
        reads.inFlight--;
        reads.failure ??= error;
        engine.setState(s, segmentStates.FAILED);
        // What was ahead when it was started may be this run's by now.
        if (reads === this.#own) {
          this.#stopped = true;
          engine.stop();
        }
        this.#settled(s);
      },
    );
  }

  #passArrived(): void {
    while (this.#missing < this.#own.next && this.#arrived[this.#streamed[this.#missing]!] === 1)
      this.#missing++;
  }

  /** A read is over: wakes whoever waits for it, or for all. */
  #settled(s: number): void {
    if (this.#awaited !== null && (this.#awaited.segment === s || this.failure !== null)) {
      this.#awaited.settle();
      this.#awaited = null;
    }
    this.#idle?.();
    this.#idle = null;
  }

  /** The first use, less one, of the earliest segment that has not arrived: there the engine begins to wait. */
  #starvesAt(): number {
    const s = this.#streamed[this.#missing];
    return s === undefined ? NEVER : this.#parts.segments[s]!.firstUse - 1;
  }

  /** The next step whose completion changes anything: something may be read, or the engine runs dry. */
  #wakeAfter(progress: number): number {
    const issue = this.#nextIssue();
    const starvesAt = this.#starvesAt();
    return Math.min(issue > progress ? issue : NEVER, starvesAt > progress ? starvesAt : NEVER);
  }
}

function clear(reads: Reads): void {
  reads.next = 0;
  reads.inFlight = 0;
  reads.bytes = 0;
  reads.failure = null;
}
