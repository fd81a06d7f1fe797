/**
 * How far a compilation is, and its end where the caller wants no more of it. After each piece of a stage the event loop
 * has a turn, in which a signal can come.
 */
import { MillraceError } from '../runtime/error.ts';
import type { Pieces } from './pieces.ts';

/** `passes` and `schedule` make the network smaller and put it in order, `plan` places memory, `pack` writes weights. */
export type Stage = 'passes' | 'schedule' | 'plan' | 'pack';

/** How far a compilation is. */
export interface Progress {
  readonly stage: Stage;
  /** Share of the stage that is done, from 0 to 1; of `pack`, by bytes. */
  readonly fraction: number;
}

/** Who watches a compilation, and who may stop it. */
export interface WatchOptions {
  /** Stops what is going on, with ABORTED; nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each piece of work. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** All pieces with a turn of the event loop after each, as long as nobody wants it stopped. */
export async function watched<T>(stage: Stage, pieces: Pieces<T>, options: WatchOptions): Promise<T> {
  for (;;) {
    refuseAborted(options.signal);
    const next = pieces.next();
    options.onProgress?.({ stage, fraction: next.done ? 1 : next.value });
    await new Promise<void>((turn) => setImmediate(turn));
    if (!next.done) continue;
    refuseAborted(options.signal);
    return next.value;
  }
}

/** Throws ABORTED if the caller wants no more. */
export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new MillraceError('ABORTED', 'the compilation was aborted', { cause: signal.reason });
}

/** Both signals in one. */
export function either(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  return a !== undefined && b !== undefined && a !== b ? AbortSignal.any([a, b]) : (a ?? b);
}
