/** What Node gives the runtime: zlib's CRC-32, worker threads, turns of the event loop, V8's switches, the addon. */
import { setFlagsFromString } from 'node:v8';
import { crc32 } from 'node:zlib';
import type { Platform } from '../../parts.ts';
import { findAddon } from './addon.ts';
import { collectGarbage } from './collect.ts';
import { nodeThreads } from './thread.ts';

/** For a bundle in `folder`, beside which an addon and the worker's script may lie. */
export const nodePlatform = (folder: URL): Platform => ({
  crc32: (bytes) => crc32(bytes),
  now: () => performance.now(),
  turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
  reclaim: collectGarbage,
  native: (check) => findAddon(folder, check),
  warn: (message) => process.emitWarning(message, { type: 'MillraceWarning', code: 'MILLRACE_ENGINE' }),
  nativeIsa: process.env['MILLRACE_ISA'] || undefined,
  startThread: nodeThreads(new URL('worker.js', folder)),
  // Node 20 needs this flag for relaxed SIMD. Later versions have relaxed SIMD without it and ignore the flag.
  allowRelaxedSimd: () => setFlagsFromString('--experimental-wasm-relaxed-simd'),
});
