/**
 * Gives a closed engine's memory back at once. WebAssembly memory is freed only when V8 collects garbage, and V8
 * counts no shared memory: 60 cycles of load, run, close of an 8 MiB model grew a process by 500 MiB on two threads,
 * and by up to 80 MiB on one; with a collection in `close` (7 ms) by nothing.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A collection's pause grows with what lives in the heap. A process with this much collects by itself, soon. */
const LARGE_HEAP_BYTES = 128 * 2 ** 20;

let collect: (() => void) | null | undefined;

export function collectGarbage(): void {
  if (getHeapStatistics().used_heap_size > LARGE_HEAP_BYTES) return;
  if (collect === undefined) collect = globalThis.gc ?? exposedGc();
  collect?.();
}

/** V8's collector is a global of contexts made while this flag is set; null on engines that are not V8. */
function exposedGc(): (() => void) | null {
  try {
    setFlagsFromString('--expose-gc');
    const gc: unknown = runInNewContext('gc');
    return typeof gc === 'function' ? () => gc() : null;
  } catch {
    return null;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
