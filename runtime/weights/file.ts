/**
 * Weights in a file, read straight into the engine's memory: the system copies the bytes once, and the isolate only
 * learns that they are there. What opens and reads files is the platform's. Invariant: one open file from open to close.
 */
import { MillraceError } from '../error.ts';
import { endsEarly, type SourceKind, type WeightSource } from './source.ts';

/** A file that is open. */
export interface OpenFile {
  readonly byteLength: number;
  /**
   * Reads into `target` from byte `offset` of the file. Resolves with the number of bytes, which may be fewer than were
   * asked for, and is 0 at the end. Rejects with the system's error: its `code` is the system's name for it.
   */
  read(target: Uint8Array, offset: number): Promise<number>;
  close(): Promise<void>;
}

/** The platform's files. */
export interface Files {
  /** Whether it knows reads that bypass the system's file cache. */
  readonly direct: boolean;
  /** Opens a regular file; `kind` says through the cache or around it. Rejects with BUNDLE_READ. */
  open(path: string, kind: 'file' | 'direct'): Promise<OpenFile>;
}

/** The system's name for an error, such as EINVAL. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error ? (error as { readonly code?: string }).code : undefined;

export class FileSource implements WeightSource {
  readonly kind: SourceKind;
  readonly byteLength: number;
  readonly #path: string;
  readonly #file: OpenFile;

  constructor(kind: SourceKind, path: string, file: OpenFile) {
    this.kind = kind;
    this.byteLength = file.byteLength;
    this.#path = path;
    this.#file = file;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    for (let done = 0; done < target.length; ) {
      const count = await this.#read(target.subarray(done), offset + done);
      if (count === 0) throw endsEarly(this.#path, offset, target.length, done);
      done += count;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** A signal may interrupt a read before a byte has come: it is made again. */
  async #read(target: Uint8Array, offset: number): Promise<number> {
    for (;;)
      try {
        return await this.#file.read(target, offset);
      } catch (cause) {
        if (systemCode(cause) === 'EINTR') continue;
        throw new MillraceError('SEGMENT_READ', `read at ${offset}: ${(cause as Error).message}`, {
          at: this.#path,
          cause,
        });
      }
  }
}

/** Opens a file of weights; rejects with BUNDLE_READ. */
export const openFileSource = async (
  files: Files,
  path: string,
  kind: 'file' | 'direct',
): Promise<FileSource> => new FileSource(kind, path, await files.open(path, kind));
