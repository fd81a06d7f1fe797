/** A bundle that is a folder of this machine. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import type { Executor } from '../../engine/executor.ts';
import { hex, MillraceError } from '../../error.ts';
import type { CheckFile } from '../../format/files.ts';
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
  executor: (check) => importExecutor(folder, check),
  worker: () => readBytes(new URL('worker.js', folder)),
  file: (name) => readFile(new URL(name, folder)).catch(() => null),
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

/**
 * The host ops are a file that the executor imports, if the bundle has any. The module is addressed by its checksum: a process that loads a bundle, replaces its folder and loads it again gets
 * the new one, where the address alone would give what was imported before.
 */
async function importExecutor(folder: URL, check: CheckFile): Promise<Executor> {
  const file = new URL('executor.js', folder);
  const bytes = await readBytes(file);
  check('executor.js', bytes);
  const checksum = crc32(bytes);
  const host = new URL('host.js', folder);
  if (existsSync(host)) check('host.js', await readBytes(host));
  try {
    return (await import(`${file.href}?${hex(checksum)}`)) as Executor;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}
