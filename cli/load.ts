/** Opens a bundle as the engine options of a command line say. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { MillraceError } from '../runtime/error.ts';
import type { Manifest } from '../runtime/format/format.ts';
import { readManifest } from '../runtime/format/read.ts';
import { type LoadedModel, type LoadOptions, load } from '../runtime/node.ts';
import { type Arguments, UsageError } from './command.ts';

const engines = ['auto', 'native', 'wasm'];

export function engineOptionsOf(given: Arguments, help: string): LoadOptions {
  const engine = given.text('engine') ?? 'auto';
  if (!engines.includes(engine))
    throw new UsageError(`--engine: expected ${engines.join(', ')}, got "${engine}"`, help);
  const options: Record<string, unknown> = { engine };
  for (const name of ['mode', 'budget', 'source', 'verify', 'isa']) {
    const value = given.text(name);
    if (value !== undefined) options[name] = value;
  }
  const threads = given.count('threads');
  if (threads !== undefined) options['threads'] = threads;
  for (const name of ['deterministic', 'prime']) if (given.flag(name)) options[name] = true;
  return options as LoadOptions;
}

/** The manifest alone: what a bundle holds, without its weights. */
export async function manifestOf(folder: string): Promise<Manifest> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(join(folder, 'manifest.bin'));
  } catch (cause) {
    throw new MillraceError('BUNDLE_READ', (cause as Error).message, { at: folder, cause });
  }
  return readManifest(bytes, crc32);
}

export const loadBundle = (path: string, options: LoadOptions): Promise<LoadedModel> => load(path, options);
