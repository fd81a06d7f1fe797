/** A bundle that is a folder of this machine. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Executor } from '../../engine/executor.ts';
import { MillraceError } from '../../error.ts';
import type { BundleParts } from '../../parts.ts';
import { openWeights } from '../../weights/direct.ts';
import { nodeFiles } from './files.ts';

/** The folder's URL, with a slash at its end. */
export function folderUrl(dir: string | URL): URL {
  const { href } = typeof dir === 'string' ? pathToFileURL(dir) : dir;
  return new URL(href.endsWith('/') ? href : `${href}/`);
}

export const filesOf = (folder: URL): BundleParts => ({
  weightsPath: fileURLToPath(new URL('weights.bin', folder)),
  manifest: () => readBytes(new URL('manifest.bin', folder)),
  engine: (file) => readBytes(new URL(file, folder)),
  executor: () => importExecutor(new URL('executor.js', folder)),
  weights: (wish) => openWeights(nodeFiles, fileURLToPath(new URL('weights.bin', folder)), wish),
});

const unreadable = (file: URL, cause: unknown): MillraceError =>
  new MillraceError('BUNDLE_READ', (cause as Error).message, { at: fileURLToPath(file), cause });

async function readBytes(file: URL): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

async function importExecutor(file: URL): Promise<Executor> {
  try {
    return (await import(file.href)) as Executor;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}
