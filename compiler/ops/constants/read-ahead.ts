/**
 * Weights mostly lie in the order in which they are packed. So while one piece is packed, the bytes behind it are read by
 * a thread of the pool and forgotten: they are in the system's cache when they are asked for. Nothing depends on it.
 */
import { read } from 'node:fs';

/** Shorter pieces are read faster than a thread is asked. */
const LEAST_BYTES = 256 * 1024;
const MOST_BYTES = 4 * 1024 * 1024;
/** At a time: their ends are heard of late, since packing keeps the event loop. All may use the same memory. */
const MOST_READS = 3;

export class ReadAhead {
  #memory = new Uint8Array(0);
  #reads = 0;

  /** `length` bytes were read that end at `position`; as many may be asked for next. */
  after(descriptor: number, position: number, length: number): void {
    const bytes = Math.min(length, MOST_BYTES);
    if (this.#reads >= MOST_READS || bytes < LEAST_BYTES) return;
    this.#reads++;
    if (this.#memory.length < bytes) this.#memory = new Uint8Array(bytes);
    // The descriptor may be closed meanwhile: an error is the end of it, like anything else.
    read(descriptor, this.#memory, 0, bytes, position, () => {
      this.#reads--;
    });
  }
}
