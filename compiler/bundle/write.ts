/**
 * Writes a bundle folder. Everything goes to a sibling folder first, is flushed, and is renamed into place; what was
 * there before is only removed once the new one stands. A failed build leaves no trace, one that was
 * killed leaves what the next one clears (`leftovers.ts`). A model that is loaded from the old folder keeps its file.
 */
import { renameSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { MillraceError } from '../../runtime/error.ts';
import type { Packer } from '../pack/pack.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { clearLeftovers, oldOf, temporaryOf } from './leftovers.ts';
import { makeFolder } from './make-folder.ts';

export interface BundleFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

export interface WriteParts {
  readonly schedule: Schedule;
  readonly packer: Pick<Packer, 'pack'>;
  /** Files that do not depend on the packed bytes. */
  readonly files: readonly BundleFile[];
  /** Files that do: the manifest, which holds the segments' checksums, and what holds the manifest's. */
  last(checksums: readonly number[]): readonly BundleFile[];
}

export interface WriteOptions {
  /** Called after each segment. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  /** Stops the writing at the next segment; what was written is removed. */
  readonly signal?: AbortSignal | undefined;
}

export async function writeBundle(
  directory: string,
  parts: WriteParts,
  options: WriteOptions = {},
): Promise<void> {
  const target = resolve(directory);
  const parent = dirname(target);
  const temporary = temporaryOf(target);
  await clearLeftovers(target);
  await refuseForeignFolder(target);
  let made: string | undefined;
  try {
    made = await makeFolder(parent);
    await mkdir(temporary);
    const checksums = await writeWeights(join(temporary, 'weights.bin'), parts, options);
    for (const file of [...parts.files, ...parts.last(checksums)])
      await writeFile(join(temporary, file.name), file.content, { flush: true });
    options.signal?.throwIfAborted();
    await replaceFolder(temporary, target);
  } catch (cause) {
    // The caller gets the first error. An error of the clean-up would hide it, so that one is dropped.
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    if (made !== undefined) await removeEmpty(parent, made);
    if (options.signal?.aborted)
      throw new MillraceError('ABORTED', 'was not written', { at: directory, cause });
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError('OUTPUT', `could not be written: ${(cause as Error).message}`, {
      at: directory,
      hint: 'Nothing was changed. Check that the folder is writable and the disk has room.',
      cause,
    });
  }
}

/** Removes folders that were made for this bundle, innermost first, as long as they hold nothing. */
async function removeEmpty(innermost: string, outermost: string): Promise<void> {
  try {
    for (let folder = innermost; folder.length >= outermost.length; folder = dirname(folder))
      await rmdir(folder);
  } catch {
    // Someone else has put something there meanwhile: theirs to keep.
  }
}

/** A folder that is there and is no bundle is not ours to replace. */
async function refuseForeignFolder(target: string): Promise<void> {
  const existing = await stat(target).catch(() => null);
  if (existing === null) return;
  const ours =
    existing.isDirectory() && (await stat(join(target, 'manifest.bin')).catch(() => null)) !== null;
  const empty = existing.isDirectory() && (await isEmpty(target));
  if (!ours && !empty)
    throw new MillraceError('OUTPUT', 'exists and is not a bundle', {
      at: target,
      expected: 'a folder that does not exist, is empty, or holds a bundle',
      got: existing.isDirectory() ? 'a folder without manifest.bin' : 'a file',
    });
}

async function isEmpty(folder: string): Promise<boolean> {
  return (await readdir(folder)).length === 0;
}

/** The two renames follow each other at once: a process killed between them leaves the old bundle aside, until the next. */
async function replaceFolder(from: string, to: string): Promise<void> {
  const old = oldOf(from);
  const moved = moveAside(to, old);
  try {
    renameSync(from, to);
  } catch (error) {
    if (moved) putBack(old, to);
    throw error;
  }
  if (moved)
    await rm(old, { recursive: true, force: true }).catch((cause: Error) => {
      throw new MillraceError('OUTPUT', `was written, but what was there before stays: ${cause.message}`, {
        at: to,
        hint: `The new bundle is in its place. Remove ${old}.`,
        cause,
      });
    });
}

/** false: there was nothing. */
function moveAside(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function putBack(old: string, to: string): void {
  try {
    renameSync(old, to);
  } catch (cause) {
    throw new MillraceError('OUTPUT', `could not be put back: ${(cause as Error).message}`, {
      at: to,
      hint: `The bundle that was there is whole, and is now ${old}: move it back.`,
      cause,
    });
  }
}

/** So many bytes are on their way to the disk while the next ones are packed. */
const FLUSH_BYTES = 64 * 1024 * 1024;

/** Of a segment each. */
const MEMORIES = 3;

/** Whoever awaits it hears of a failure; until then it is not an unhandled one. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

async function writeWeights(path: string, parts: WriteParts, options: WriteOptions): Promise<number[]> {
  const total = parts.schedule.segments.reduce((sum, segment) => sum + segment.byteLength, 0);
  const file = await open(path, 'wx');
  const checksums: number[] = [];
  const longest = parts.schedule.segments.reduce((most, { byteLength }) => Math.max(most, byteLength), 0);
  // One segment is packed while those before it are written, in their order.
  const memories = Array.from({ length: MEMORIES }, () => new Uint8Array(longest));
  const writes: Promise<void>[] = [];
  let flushing: Promise<void> = Promise.resolve();
  try {
    let done = 0;
    let unflushed = 0;
    for (const [s, segment] of parts.schedule.segments.entries()) {
      options.signal?.throwIfAborted();
      // What this memory held before has been written.
      if (writes.length === MEMORIES) await writes.shift();
      const bytes = parts.packer.pack(segment, memories[s % MEMORIES]!);
      checksums.push(crc32(bytes));
      const before = writes.at(-1) ?? Promise.resolve();
      writes.push(handled(before.then(() => writeAll(file, bytes))));
      done += bytes.byteLength;
      unflushed += bytes.byteLength;
      // Left to the end, the disk would begin when everything is packed.
      if (unflushed >= FLUSH_BYTES) {
        await flushing;
        flushing = handled(file.datasync());
        unflushed = 0;
      }
      options.onProgress?.(done, total);
    }
    await Promise.all(writes);
    await flushing;
    await file.sync();
  } finally {
    await Promise.allSettled([...writes, flushing]);
    await file.close();
  }
  return checksums;
}

/** A short write is normal near the end of a disk's room; the next one says why. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.byteLength - at);
    at += bytesWritten;
  }
}
