/**
 * Reads that bypass the system's file cache: the cache fills with nothing, and a stream of weights costs the machine no
 * memory beyond the arena. Segments are aligned to 4 KiB in file and arena, which is what such reads ask for. Some file
 * systems refuse them at open, some at the first read: `auto` then reads through the cache.
 */
import { MillraceError } from '../error.ts';
import { type Files, openFileSource, systemCode } from './file.ts';
import type { SourceKind, SourceWish, WeightSource } from './source.ts';

async function openDirectSource(files: Files, path: string): Promise<WeightSource> {
  if (files.direct) return openFileSource(files, path, 'direct');
  throw new MillraceError('OPTION', 'direct reads are a Linux feature', {
    at: 'source',
    got: 'direct',
    hint: 'Use source auto or file.',
  });
}

/** Opens the weights as wished; `auto` is direct where the system can and through the cache where it can't. */
export async function openWeights(files: Files, path: string, wish: SourceWish): Promise<WeightSource> {
  const openCached = (): Promise<WeightSource> => openFileSource(files, path, 'file');
  if (wish === 'direct') return openDirectSource(files, path);
  if (wish === 'file' || !files.direct) return openCached();
  const direct = await openDirectSource(files, path).catch((error: unknown) => {
    if (isRefusal(error)) return null;
    throw error;
  });
  return direct === null ? openCached() : new FallbackSource(direct, openCached);
}

/** The system can't do direct reads here: an alignment or a file system it does not serve. */
function isRefusal(error: unknown): boolean {
  const code = error instanceof MillraceError ? systemCode(error.cause) : undefined;
  return code === 'EINVAL' || code === 'ENOTSUP' || code === 'EOPNOTSUPP';
}

/** Uses `first` until it refuses a read, then the other for good. */
export class FallbackSource implements WeightSource {
  readonly byteLength: number;
  #current: WeightSource;
  readonly #first: WeightSource;
  readonly #open: () => Promise<WeightSource>;
  #second: Promise<WeightSource> | null = null;

  constructor(first: WeightSource, open: () => Promise<WeightSource>) {
    this.byteLength = first.byteLength;
    this.#first = first;
    this.#current = first;
    this.#open = open;
  }

  get kind(): SourceKind {
    return this.#current.kind;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    try {
      await this.#current.readInto(target, offset);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#second ??= this.#open();
      this.#current = await this.#second;
      await this.#current.readInto(target, offset);
    }
  }

  async close(): Promise<void> {
    await this.#first.close();
    if (this.#second !== null) await (await this.#second).close();
  }
}
