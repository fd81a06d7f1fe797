/**
 * Weights in a file, read with `fs.read` straight into the engine's memory on libuv's threads: the bytes are copied
 * once, by the kernel, and the isolate only learns that they are there. Invariant: one descriptor from open to close.
 */
import { close, fstat, open, read } from 'node:fs';
import { promisify } from 'node:util';
import { MillraceError } from '../error.ts';
import { endsEarly, type SourceKind, type WeightSource } from './source.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);

/** Node refuses reads of 2 GiB and more; the kernel stops 4 KiB short of that. */
const MAX_READ = 2 ** 30;

/** `fs.read`, so that tests can make it fail. */
export type ReadCall = typeof read;

export class FileSource implements WeightSource {
  readonly kind: SourceKind;
  readonly byteLength: number;
  readonly #path: string;
  readonly #descriptor: number;
  readonly #read: ReadCall;

  constructor(
    kind: SourceKind,
    path: string,
    descriptor: number,
    byteLength: number,
    readCall: ReadCall = read,
  ) {
    this.kind = kind;
    this.byteLength = byteLength;
    this.#path = path;
    this.#descriptor = descriptor;
    this.#read = readCall;
  }

  readInto(target: Uint8Array, offset: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = (done: number): void => {
        const length = Math.min(target.length - done, MAX_READ);
        this.#read(this.#descriptor, target, done, length, offset + done, (error, count) => {
          if (error !== null) reject(this.#failed(error, offset + done));
          else if (count === 0) reject(endsEarly(this.#path, offset, target.length, done));
          else if (done + count === target.length) resolve();
          else next(done + count);
        });
      };
      next(0);
    });
  }

  close(): Promise<void> {
    return closeFile(this.#descriptor);
  }

  #failed(cause: Error, offset: number): MillraceError {
    return new MillraceError('SEGMENT_READ', `read at ${offset}: ${cause.message}`, {
      at: this.#path,
      cause,
    });
  }
}

/** Opens a file of weights; `flags` as of open(2). */
export async function openFileSource(path: string, flags: number, kind: SourceKind): Promise<FileSource> {
  let descriptor: number;
  try {
    descriptor = await openFile(path, flags);
  } catch (cause) {
    throw new MillraceError('BUNDLE_READ', (cause as Error).message, { at: path, cause });
  }
  try {
    const stat = await statFile(descriptor);
    if (!stat.isFile()) throw new MillraceError('BUNDLE_READ', 'not a regular file', { at: path });
    return new FileSource(kind, path, descriptor, stat.size);
  } catch (error) {
    await closeFile(descriptor);
    throw error;
  }
}
