/**
 * A file read at any position through a small window, so that a walk over a 10 GB model costs 64 KiB. Every complaint
 * about its content carries the byte offset. Files beyond 2 GiB are nothing special: positions are doubles.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { MillraceError } from '../../../runtime/error.ts';

const windowBytes = 64 * 1024;

/** A file (or bytes) read at any position. */
export class ByteSource {
  readonly path: string;
  readonly size: number;
  readonly #fd: number | null;
  #window: Uint8Array;
  #start = 0;
  #end = 0;

  private constructor(path: string, size: number, fd: number | null, window: Uint8Array) {
    this.path = path;
    this.size = size;
    this.#fd = fd;
    this.#window = window;
    if (fd === null) this.#end = size;
  }

  static open(path: string): ByteSource {
    let fd: number;
    try {
      // Non-blocking: opening a named pipe must fail below, not wait for a writer.
      fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    } catch (cause) {
      throw new MillraceError('MODEL_READ', 'cannot be opened', {
        at: path,
        got: cause instanceof Error ? cause.message : String(cause),
        cause,
      });
    }
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      closeSync(fd);
      throw new MillraceError('MODEL_READ', 'is not a regular file', { at: path });
    }
    return new ByteSource(path, stat.size, fd, new Uint8Array(windowBytes));
  }

  static of(name: string, bytes: Uint8Array): ByteSource {
    return new ByteSource(name, bytes.length, null, bytes);
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  byte(position: number): number {
    if (position < this.#start || position >= this.#end) this.#fill(position);
    return this.#window[position - this.#start]!;
  }

  /** A copy of the bytes of [start, end), which the caller has checked to be of sensible length. */
  copy(start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - start);
    if (start >= this.#start && end <= this.#end)
      bytes.set(this.#window.subarray(start - this.#start, end - this.#start));
    else this.#read(bytes, start);
    return bytes;
  }

  invalid(position: number, what: string, context: { expected?: string; got?: string } = {}): MillraceError {
    return new MillraceError('MODEL_INVALID', what, { at: `${this.path}, byte ${position}`, ...context });
  }

  #fill(position: number): void {
    if (position >= this.size) throw this.invalid(position, 'the file ends here, in the middle of a message');
    const length = Math.min(windowBytes, this.size - position);
    this.#end = this.#start = position;
    this.#read(this.#window.subarray(0, length), position);
    this.#end = position + length;
  }

  #read(into: Uint8Array, position: number): void {
    if (this.#fd === null) throw this.invalid(position, 'the message ends here');
    for (let done = 0; done < into.length; ) {
      const got = readSync(this.#fd, into, done, into.length - done, position + done);
      if (got === 0)
        throw new MillraceError('MODEL_READ', 'the file became shorter while it was read', { at: this.path });
      done += got;
    }
  }
}
