/**
 * What a run would take: the recurrences of a two-stage pipeline (Demand Layering, RTSS 2022, two-stage asynchronous)
 * with the plan's issue steps in the place of a ring buffer.
 *
 *   start_s  = max(start_{s−1}, arrive_{s−q}, done_{i_s})         q requests in flight
 *   arrive_s = max(arrive_{s−1}, start_s + latency_s) + bytes_s ÷ bandwidth
 *   done_t   = max(done_{t−1}, arrive of the segments first used by t) + k_t
 *
 * A checksum that readers take is part of latency_s: each reader's own time, beside the others' transfers. What the
 * computing thread spends on a segment (a checksum, the request) is added to done where the segment is first used. With q = 1 the first two are
 * arrive_s = max(arrive_{s−1}, done_{i_s}) + r_s. A segment's issue step precedes its
 * first use, so walking the steps in order meets every term after those it depends on. Earlier issue steps never
 * make a run longer: every term is a maximum of sums.
 */
import { RESIDENT } from '../../runtime/format/format.ts';
import type { ReadModel } from './problem.ts';

export interface Pipeline {
  /** Compute time of each step. */
  readonly stepMs: ArrayLike<number>;
  /** In order of first use. */
  readonly segments: readonly { readonly byteLength: number; readonly firstUse: number }[];
  readonly read: ReadModel;
}

export interface Simulation {
  readonly totalMs: number;
  readonly computeMs: number;
  /** totalMs − computeMs: the time the steps spend waiting. */
  readonly delayMs: number;
  /** Per step. */
  readonly doneMs: Float64Array;
  /** Per segment: when its read begins, and when it is there; 0 for residents. */
  readonly startMs: Float64Array;
  readonly arriveMs: Float64Array;
  /** Per segment: how much longer its first step waits because of it; they add up to the delay. */
  readonly stallMs: Float64Array;
}

export function simulate(pipeline: Pipeline, issue: ArrayLike<number>): Simulation {
  const doneMs = new Float64Array(pipeline.stepMs.length);
  const startMs = new Float64Array(pipeline.segments.length);
  const arriveMs = new Float64Array(pipeline.segments.length);
  const stallMs = new Float64Array(pipeline.segments.length);
  const totalMs = new Simulator(pipeline).run(issue, { doneMs, startMs, arriveMs, stallMs });
  let delayMs = 0;
  for (const stall of stallMs) delayMs += stall;
  let computeMs = 0;
  for (let t = 0; t < pipeline.stepMs.length; t++) computeMs += pipeline.stepMs[t]!;
  return { totalMs, computeMs, delayMs, doneMs, startMs, arriveMs, stallMs };
}

/** The same, made once for many questions about one pipeline: the solver asks tens of thousands. */
export class Simulator {
  private readonly stepMs: Float64Array;
  private readonly transferMs: Float64Array;
  private readonly firstUse: Int32Array;
  private readonly latencyMs: number;
  /** What a segment that is read takes from the computing threads. */
  private readonly handleMs: Float64Array;
  private readonly recent: Float64Array;
  private readonly done: Float64Array;

  constructor(pipeline: Pipeline) {
    const { latencyMs, bytesPerMs, inFlight = 1, handleMs = 0, handleMsPerGigabyte = 0 } = pipeline.read;
    this.stepMs = Float64Array.from(pipeline.stepMs);
    this.transferMs = Float64Array.from(pipeline.segments, ({ byteLength }) => byteLength / bytesPerMs);
    this.firstUse = Int32Array.from(pipeline.segments, ({ firstUse }) => firstUse);
    this.latencyMs = latencyMs;
    this.handleMs = Float64Array.from(
      pipeline.segments,
      ({ byteLength }) => handleMs + (handleMsPerGigabyte * byteLength) / 1e9,
    );
    this.recent = new Float64Array(inFlight);
    this.done = new Float64Array(this.stepMs.length);
  }

  /** What the reads of a plan take from the compute, waiting aside. */
  handledMs(issue: ArrayLike<number>): number {
    let sum = 0;
    for (let s = 0; s < this.handleMs.length; s++) if (issue[s] !== RESIDENT) sum += this.handleMs[s]!;
    return sum;
  }

  /** Milliseconds of the run; fills `into` where given. */
  run(
    issue: ArrayLike<number>,
    into?: Pick<Simulation, 'doneMs' | 'startMs' | 'arriveMs' | 'stallMs'>,
  ): number {
    const { stepMs, transferMs, firstUse, latencyMs, handleMs, recent } = this;
    const done = into?.doneMs ?? this.done;
    const inFlight = recent.length;
    recent.fill(0);
    let slot = 0;
    let segment = 0;
    let start = 0;
    let arrive = 0;
    let now = 0;
    for (let t = 0; t < stepMs.length; t++) {
      for (; segment < firstUse.length && firstUse[segment] === t; segment++) {
        const after = issue[segment]!;
        if (after === RESIDENT) continue;
        if (after >= 0 && done[after]! > start) start = done[after]!;
        if (recent[slot]! > start) start = recent[slot]!;
        arrive = Math.max(arrive, start + latencyMs) + transferMs[segment]!;
        recent[slot] = arrive;
        slot = slot + 1 === inFlight ? 0 : slot + 1;
        const ready = Math.max(now, arrive) + handleMs[segment]!;
        if (into) {
          into.startMs[segment] = start;
          into.arriveMs[segment] = arrive;
          into.stallMs[segment] = ready - now;
        }
        now = ready;
      }
      now += stepMs[t]!;
      done[t] = now;
    }
    return now;
  }
}
