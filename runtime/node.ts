/**
 * The runtime on Node: a bundle is a folder, threads are worker threads, CRC-32 is zlib's. The one file of the
 * runtime, beside `weights/{file,direct}`, `platform/node/` and the engine's worker, that knows Node.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { crc32 } from 'node:zlib';
import type { Tensors } from './context.ts';
import type { Executor } from './engine/executor.ts';
import { MillraceError } from './error.ts';
import type { LoadedModel } from './model.ts';
import { type BundleParts, openModel } from './open.ts';
import type { LoadOptions } from './options.ts';
import { findAddon } from './platform/node/addon.ts';
import { collectGarbage } from './platform/node/collect.ts';
import { nodeThreads } from './platform/node/thread.ts';
import { openWeights } from './weights/direct.ts';

export * from './index.ts';

/** Loads the bundle in folder `dir`. */
export function load<I = Tensors, O = Tensors>(
  dir: string | URL,
  options: LoadOptions = {},
): Promise<LoadedModel<I, O>> {
  const folder = folderUrl(dir);
  const platform = {
    crc32: (bytes: Uint8Array) => crc32(bytes),
    now: () => performance.now(),
    turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
    reclaim: collectGarbage,
    native: () => findAddon(folder),
    startThread: nodeThreads(new URL('worker.js', folder)),
    // Node 20 has it behind this flag; later versions have it without, and know the flag no more.
    allowRelaxedSimd: () => setFlagsFromString('--experimental-wasm-relaxed-simd'),
  };
  return openModel<I, O>(filesOf(folder), platform, options);
}

function folderUrl(dir: string | URL): URL {
  const { href } = typeof dir === 'string' ? pathToFileURL(dir) : dir;
  return new URL(href.endsWith('/') ? href : `${href}/`);
}

const filesOf = (folder: URL): BundleParts => ({
  weightsPath: fileURLToPath(new URL('weights.bin', folder)),
  manifest: () => readBytes(new URL('manifest.bin', folder)),
  engine: (file) => readBytes(new URL(file, folder)),
  executor: () => importExecutor(new URL('executor.js', folder)),
  weights: (wish) => openWeights(fileURLToPath(new URL('weights.bin', folder)), wish),
});

async function readBytes(file: URL): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new MillraceError('BUNDLE_READ', (cause as Error).message, { at: fileURLToPath(file), cause });
  }
}

async function importExecutor(file: URL): Promise<Executor> {
  try {
    return (await import(file.href)) as Executor;
  } catch (cause) {
    throw new MillraceError('BUNDLE_READ', (cause as Error).message, { at: fileURLToPath(file), cause });
  }
}
