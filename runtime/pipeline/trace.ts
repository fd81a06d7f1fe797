/**
 * What happened when, for people and tools: events of the last runs, kept in a ring of fixed size. The native engine
 * records its own (`runtime/engine/trace.h`). Threads of WASM record theirs in engine memory, but no reads and runs. Those,
 * and all of a run without threads, are recorded by this isolate.
 */

import { TRACE_ROW, type TraceKind, traceKinds } from '../engine/trace-rows.ts';

/** One event of a trace; times are milliseconds. */
export interface TraceEvent {
  /** step: a step, on thread 0. work: another thread's part in it. wait: thread 0 waits for a segment. read: from a
   * segment's issue to its arrival, checksum included. run: a whole run. */
  readonly what: TraceKind;
  /** The step's number, or the segment's. */
  readonly id: number;
  /** The layer of that step, or the first that uses the segment. */
  readonly layer: string;
  /** Engine thread; for reads, the reader. */
  readonly thread: number;
  /** Milliseconds of a monotonic clock; only differences count. */
  readonly startMs: number;
  readonly endMs: number;
}

/** Events that a ring keeps: some hundred runs of a network of a hundred steps. */
export const TRACE_EVENTS = 16384;

/** Names the layer that an event is about. */
export type LayerOf = (what: TraceKind, id: number) => string;

/** Rows of {what, id, thread, start, end} as events. */
export function eventsOf(rows: Float64Array, layerOf: LayerOf): TraceEvent[] {
  return Array.from({ length: rows.length / TRACE_ROW }, (_, i) => {
    const [kind, id, thread, startMs, endMs] = rows.subarray(i * TRACE_ROW) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    const what = traceKinds[kind]!;
    return { what, id, layer: layerOf(what, id), thread, startMs, endMs };
  });
}

/** The ring of an engine that has none of its own. */
export class TraceRing {
  readonly #rows = new Float64Array(TRACE_EVENTS * TRACE_ROW);
  #next = 0;

  record(what: TraceKind, id: number, startMs: number, endMs: number): void {
    const at = (this.#next++ % TRACE_EVENTS) * TRACE_ROW;
    this.#rows.set([traceKinds.indexOf(what), id, 0, startMs, endMs], at);
  }

  events(layerOf: LayerOf): TraceEvent[] {
    const kept = Math.min(this.#next, TRACE_EVENTS);
    const first = this.#next % TRACE_EVENTS;
    const rows = this.#rows.subarray(0, kept * TRACE_ROW);
    if (kept < TRACE_EVENTS) return eventsOf(rows, layerOf);
    const inOrder = new Float64Array(rows.length);
    inOrder.set(rows.subarray(first * TRACE_ROW));
    inOrder.set(rows.subarray(0, first * TRACE_ROW), rows.length - first * TRACE_ROW);
    return eventsOf(inOrder, layerOf);
  }
}
