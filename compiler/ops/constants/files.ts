/** The files that constants lie in: a few are kept open, and every read is complete or an error. */
import { closeSync, openSync, readSync } from 'node:fs';
import { MillraceError } from '../../../runtime/error.ts';
import { ReadAhead } from './read-ahead.ts';

/** A model has one or two files; exporters that write one file per tensor should not exhaust descriptors. */
const MAX_OPEN = 8;

export class ConstantFiles {
  /** By path, the most recently used last. */
  readonly #open = new Map<string, number>();
  readonly #ahead = new ReadAhead();

  /** Fills `target` from the file's bytes at `position`. */
  read(path: string, position: number, target: Uint8Array): void {
    const descriptor = this.#descriptor(path);
    let done = 0;
    while (done < target.byteLength) {
      let count: number;
      try {
        count = readSync(descriptor, target, done, target.byteLength - done, position + done);
      } catch (cause) {
        throw new MillraceError('MODEL_READ', 'cannot read weights', { at: path, cause });
      }
      if (count === 0)
        throw new MillraceError('MODEL_EXTERNAL_DATA', 'the file ends within a constant', {
          at: path,
          expected: `${target.byteLength} bytes at offset ${position}`,
          got: `${done} bytes`,
          hint: 'The file is truncated; copy or export the model again.',
        });
      done += count;
    }
    this.#ahead.after(descriptor, position + done, done);
  }

  close(): void {
    for (const descriptor of this.#open.values()) closeSync(descriptor);
    this.#open.clear();
  }

  #descriptor(path: string): number {
    let descriptor = this.#open.get(path);
    if (descriptor !== undefined) {
      this.#open.delete(path);
    } else {
      try {
        descriptor = openSync(path, 'r');
      } catch (cause) {
        throw new MillraceError('MODEL_READ', 'cannot open the file of a constant', { at: path, cause });
      }
    }
    this.#open.set(path, descriptor);
    if (this.#open.size > MAX_OPEN) {
      const [oldest, stale] = this.#open.entries().next().value!;
      this.#open.delete(oldest);
      closeSync(stale);
    }
    return descriptor;
  }
}
