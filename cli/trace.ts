/** What a model recorded, or a plan predicts, as a file for Perfetto (ui.perfetto.dev) and as time waited per layer. */

import type { TraceEvent } from '../runtime/index.ts';
import { writeText } from './output.ts';

/** Tracks: compute threads from 0, readers from here on, whole runs at the end. */
const READER_TRACK = 1000;
const RUN_TRACK = 2000;

const trackOf = ({ what, thread }: TraceEvent): number =>
  what === 'run' ? RUN_TRACK : what === 'read' ? READER_TRACK + thread : thread;

const trackName = (track: number): string =>
  track === RUN_TRACK ? 'run' : track >= READER_TRACK ? `reader ${track - READER_TRACK}` : `compute ${track}`;

const label = ({ what, layer, id }: TraceEvent): string => {
  switch (what) {
    case 'run':
      return 'run';
    case 'step':
    case 'work':
      return layer || `step ${id}`;
    default:
      return `${what} segment ${id}${layer === '' ? '' : ` (${layer})`}`;
  }
};

/** Writes the events in Chrome's trace format: complete events, times in microseconds from the first. */
export async function writeTrace(file: string, events: readonly TraceEvent[]): Promise<void> {
  const origin = events.reduce((least, { startMs }) => Math.min(least, startMs), Number.POSITIVE_INFINITY);
  const tracks = [...new Set(events.map(trackOf))].sort((a, b) => a - b);
  const traceEvents = [
    ...tracks.map((tid) => ({
      name: 'thread_name',
      ph: 'M',
      pid: 1,
      tid,
      args: { name: trackName(tid) },
    })),
    ...events.map((event) => ({
      name: label(event),
      cat: event.what,
      ph: 'X',
      pid: 1,
      tid: trackOf(event),
      ts: (event.startMs - origin) * 1000,
      dur: (event.endMs - event.startMs) * 1000,
      args: { id: event.id },
    })),
  ];
  await writeText(file, JSON.stringify({ displayTimeUnit: 'ms', traceEvents }));
}

export interface Stall {
  readonly layer: string;
  readonly ms: number;
}

/** Time waited for each layer's weights in a run, on average of `runs`; the longest first, none of zero. */
export function stallsOf(events: readonly TraceEvent[], runs: number): Stall[] {
  const waited = new Map<string, number>();
  for (const { what, layer, startMs, endMs } of events)
    if (what === 'wait') waited.set(layer, (waited.get(layer) ?? 0) + (endMs - startMs) / runs);
  return [...waited]
    .map(([layer, ms]) => ({ layer, ms }))
    .sort((a, b) => b.ms - a.ms)
    .filter(({ ms }) => ms > 0);
}
