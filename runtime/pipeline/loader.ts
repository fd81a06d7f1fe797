/**
 * What is read when. The protocol of planning.md, whole: the read of streamed segment s may start when every earlier
 * streamed segment's read has been started and step issue[s] has completed. The engine does the other half (a step
 * waits for the segments it uses), so bytes never land where something live lies, however slow or fast reads are.
 *
 *   issue     −1  −1   1        begin(): a and b are started, wakeAt = 1
 *   segment    a   b   c        advance() after step 0: nothing; after step 1: c is started, wakeAt = ∞
 *
 * Once the last read of a run has been started, the reads that the next run starts with may follow, each after the step
 * that the plan gives it (bundle/prime.ts). They are the same reads in the same order, only earlier: `begin` finds their
 * states as they are and goes on behind them. What goes wrong with one is the next run's error. A run that was not
 * completed leaves nothing behind.
 *
 * There are no timers and no threads here: the loader acts when it is called and when a read settles. Invariant:
 * `wakeAt` is above the progress that was seen, or another look follows; between runs nothing is in flight but what is
 * primed.
 */
import { RESIDENT, type SegmentEntry } from '../bundle/format.ts';
import { NOT_PRIMED } from '../bundle/prime.ts';
import { segmentStates } from '../engine/program.ts';
import { MillraceError } from '../error.ts';
import type { Crc32 } from '../weights/crc32.ts';
import { damaged, type WeightSource } from '../weights/source.ts';
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

/** wakeAt when no step is of interest. */
export const NEVER = 0x7fffffff;

export class Loader {
  readonly #parts: LoaderParts;
  /** Streamed segments in the order of their reads. */
  readonly #streamed: readonly number[];
  readonly #resident: readonly number[];
  readonly #arrived: Uint8Array;
  readonly #verified: Uint8Array;
  /** Places in #streamed: the next to start, and the earliest that has not arrived. */
  #next = 0;
  #missing = 0;
  #inFlight = 0;
  #stopped = true;
  #failure: MillraceError | null = null;
  #bytesRead = 0;
  /** Of the next run: places in #streamed whose read has been started, how many of these are in flight, what failed
   * and the bytes that have arrived. */
  #primed = 0;
  #primedInFlight = 0;
  #primedFailure: MillraceError | null = null;
  #primedBytes = 0;
  #stallMs = 0;
  #stalledSince = -1;
  #stalledFor = 0;
  #awaited: { readonly segment: number; readonly settle: () => void } | null = null;
  #idle: (() => void) | null = null;

  constructor(parts: LoaderParts) {
    this.#parts = parts;
    const all = parts.segments.map((_, s) => s);
    this.#streamed = all.filter((s) => parts.issue[s] !== RESIDENT);
    this.#resident = all.filter((s) => parts.issue[s] === RESIDENT);
    this.#arrived = new Uint8Array(all.length);
    this.#verified = new Uint8Array(all.length);
  }

  /** What stopped the loader in this run. */
  get failure(): MillraceError | null {
    return this.#failure;
  }

  /** Bytes of the segments that arrived for this run, primed ones included, or of the residents. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Time in which the next step was ready but for a segment. */
  get stallMs(): number {
    return this.#stallMs;
  }

  /** A read could start but for the number in flight: its turn comes when a read settles. */
  get backlogged(): boolean {
    return !this.#stopped && this.#nextIssue() <= this.#parts.engine.progress();
  }

  /** Reads the segments that stay, once, before the first run. */
  async loadResidents(): Promise<void> {
    this.#bytesRead = 0;
    this.#failure = null;
    let next = 0;
    const readOn = async (): Promise<void> => {
      while (next < this.#resident.length && this.#failure === null) {
        const s = this.#resident[next++]!;
        await this.#read(s);
        this.#bytesRead += this.#parts.segments[s]!.byteLength;
        this.#parts.engine.setState(s, segmentStates.RESIDENT);
      }
    };
    const readers = Array.from({ length: this.#parts.maxInFlight }, () =>
      readOn().catch((error: unknown) => this.#fail(error)),
    );
    await Promise.all(readers);
    if (this.#failure !== null) throw this.#failure;
  }

  /** Starts a run: the engine's progress is −1, and nothing is in flight but what is primed. */
  begin(): void {
    this.#next = this.#primed;
    for (let place = this.#next; place < this.#streamed.length; place++) {
      this.#arrived[this.#streamed[place]!] = 0;
      this.#parts.engine.setState(this.#streamed[place]!, segmentStates.EMPTY);
    }
    this.#missing = 0;
    this.#failure = this.#primedFailure;
    this.#bytesRead = this.#primedBytes;
    this.#forgetPrimed();
    this.#stallMs = 0;
    this.#stalledSince = -1;
    this.#stopped = this.#failure !== null;
    if (this.#stopped) this.#parts.engine.stop();
    this.#passArrived();
    this.advance();
  }

  /** The engine has completed a step, or a segment has arrived: starts what may start. */
  advance(): void {
    const { engine } = this.#parts;
    for (;;) {
      const progress = engine.progress();
      this.#startUpTo(progress);
      this.#noteStall(progress);
      const wakeAt = this.#wakeAfter(progress);
      engine.setWakeAt(wakeAt);
      // The engine may have completed that very step before wakeAt was written, and would not wake us.
      if (engine.progress() < wakeAt) return;
    }
  }

  /** Resolves when the segment has arrived in this run; rejects with what stopped the loader. */
  async arrival(segment: number): Promise<void> {
    while (this.#arrived[segment] === 0) {
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((settle) => {
        this.#awaited = { segment, settle };
      });
    }
  }

  /**
   * The run is over. Resolves when nothing is in flight for it, and the arena's values are the caller's again. If it was
   * completed, reads for the next run go on; else nothing more is started, and what was primed is forgotten.
   */
  async settle(completed: boolean): Promise<void> {
    const goesOn = completed && this.#failure === null && this.#next === this.#streamed.length;
    this.#stopped ||= !goesOn;
    if (goesOn) this.advance();
    while (this.#inFlight > (goesOn ? this.#primedInFlight : 0))
      await new Promise<void>((idle) => {
        this.#idle = idle;
      });
    if (!goesOn) this.#forgetPrimed();
  }

  /** When the next read may start, of this run or the next; NEVER: it may not. */
  #nextIssue(): number {
    const { issue, prime } = this.#parts;
    const own = this.#streamed[this.#next];
    if (own !== undefined) return issue[own]!;
    const ahead = this.#streamed[this.#primed];
    const after = (ahead === undefined ? undefined : prime?.[ahead]) ?? NOT_PRIMED;
    return after === NOT_PRIMED || this.#primedFailure !== null ? NEVER : after;
  }

  #startUpTo(progress: number): void {
    const { maxInFlight } = this.#parts;
    while (this.#inFlight < maxInFlight && !this.#stopped && this.#nextIssue() <= progress) {
      if (this.#next < this.#streamed.length) {
        this.#start(this.#next++);
      } else {
        this.#arrived[this.#streamed[this.#primed]!] = 0;
        this.#primedInFlight++;
        this.#start(this.#primed++);
      }
    }
  }

  /** Reads the segment at a place in #streamed. Whose run it is for is looked up when it is there: `begin` may have
   * been called meanwhile. */
  #start(place: number): void {
    const { engine, segments } = this.#parts;
    const s = this.#streamed[place]!;
    engine.setState(s, segmentStates.ISSUED);
    this.#inFlight++;
    const ended = (): boolean => {
      this.#inFlight--;
      const primed = place < this.#primed;
      if (primed) this.#primedInFlight--;
      return primed;
    };
    this.#read(s).then(
      () => {
        if (ended()) this.#primedBytes += segments[s]!.byteLength;
        else this.#bytesRead += segments[s]!.byteLength;
        this.#arrive(s);
      },
      (error: unknown) => {
        engine.setState(s, segmentStates.FAILED);
        if (ended()) {
          this.#primedFailure ??= failureOf(error);
        } else {
          this.#fail(error);
          engine.stop();
        }
        this.#settled(s);
      },
    );
  }

  #forgetPrimed(): void {
    this.#primed = 0;
    this.#primedInFlight = 0;
    this.#primedFailure = null;
    this.#primedBytes = 0;
  }

  async #read(s: number): Promise<void> {
    const { segments, targets, source, verify, trace, now } = this.#parts;
    const issued = trace ? now() : 0;
    await source.readInto(targets[s]!, segments[s]!.offset);
    if (verify === 'always' || (verify === 'first' && this.#verified[s] === 0)) this.#check(s);
    trace?.record('read', s, issued, now());
  }

  #check(s: number): void {
    const { segments, targets, crc32 } = this.#parts;
    const got = crc32(targets[s]!);
    if (got !== segments[s]!.crc32) throw damaged(s, segments[s]!, got);
    this.#verified[s] = 1;
  }

  #arrive(s: number): void {
    this.#arrived[s] = 1;
    this.#passArrived();
    this.#parts.engine.setState(s, segmentStates.ARRIVED);
    if (!this.#stopped) this.advance();
    this.#settled(s);
  }

  #passArrived(): void {
    while (this.#missing < this.#next && this.#arrived[this.#streamed[this.#missing]!] === 1) this.#missing++;
  }

  #fail(error: unknown): void {
    this.#failure ??= failureOf(error);
    this.#stopped = true;
  }

  /** A read is over: wakes whoever waits for it, or for all. */
  #settled(s: number): void {
    if (this.#awaited !== null && (this.#awaited.segment === s || this.#failure !== null)) {
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

  #noteStall(progress: number): void {
    const stalled = this.#starvesAt() <= progress;
    if (stalled === this.#stalledSince >= 0) return;
    const now = this.#parts.now();
    if (stalled) {
      this.#stalledSince = now;
      this.#stalledFor = this.#streamed[this.#missing]!;
    } else {
      this.#stallMs += now - this.#stalledSince;
      this.#parts.trace?.record('wait', this.#stalledFor, this.#stalledSince, now);
      this.#stalledSince = -1;
    }
  }

  /** The next step whose completion changes anything: something may be read, or the engine runs dry. */
  #wakeAfter(progress: number): number {
    const issue = this.#nextIssue();
    const starvesAt = this.#starvesAt();
    return Math.min(issue > progress ? issue : NEVER, starvesAt > progress ? starvesAt : NEVER);
  }
}

const failureOf = (error: unknown): MillraceError =>
  error instanceof MillraceError
    ? error
    : new MillraceError('SEGMENT_READ', error instanceof Error ? error.message : String(error), {
        cause: error,
      });
