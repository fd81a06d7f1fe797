/** A file of weights, opened to look at its directory: regular, of known size, read at any place within it. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { MillraceError } from '../../../runtime/error.ts';

export interface WeightsFile {
  readonly path: string;
  readonly size: number;
  /** A copy of `count` bytes from `start`; beyond the end is MODEL_INVALID. */
  bytes(start: number, count: number): Uint8Array;
  /** An error about the file's content. */
  invalid(what: string, context?: { expected?: string; got?: string; hint?: string }): MillraceError;
}

/** Opens a file for the time of `body`. */
export function withWeightsFile<T>(path: string, body: (file: WeightsFile) => T): T {
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
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new MillraceError('MODEL_READ', 'is not a regular file', { at: path });
    const invalid: WeightsFile['invalid'] = (what, context = {}) =>
      new MillraceError('MODEL_INVALID', what, { at: path, ...context });
    const bytes = (start: number, count: number): Uint8Array => {
      if (!(start >= 0 && count >= 0 && start + count <= stat.size))
        throw invalid('ends too early', {
          expected: `bytes ${start} to ${start + count}`,
          got: `${stat.size} bytes`,
        });
      const target = new Uint8Array(count);
      for (let done = 0; done < count; ) {
        const got = readSync(fd, target, done, count - done, start + done);
        if (got === 0)
          throw new MillraceError('MODEL_READ', 'became shorter while it was read', { at: path });
        done += got;
      }
      return target;
    };
    return body({ path, size: stat.size, bytes, invalid });
  } finally {
    closeSync(fd);
  }
}
