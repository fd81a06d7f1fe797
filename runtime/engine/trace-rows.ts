/**
 * Rows of events, as the engine writes them (`trace.h`) and as both engines hand them over. C has an enum of the kinds,
 * generated from the list here.
 */

/** `run` is TypeScript's own. */
export const traceKinds = ['step', 'work', 'wait', 'read', 'run'] as const;

/** What an event of a trace is. */
export type TraceKind = (typeof traceKinds)[number];

/** Numbers of a row that is handed over: {what, id, thread, start, end}. */
export const TRACE_ROW = 5;

/** `struct trace`: capacity and count, then what, id, thread, reserved, from, to for each event. */
export const TRACE_HEADER_BYTES = 8;
export const TRACE_EVENT_BYTES = 32;
