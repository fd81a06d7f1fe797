/**
 * From a bundle's parts to a loaded model, the same on every platform: what differs (files, threads, the native addon)
 * comes in through `BundleParts` and `Platform`, which an entry such as `node.ts` provides.
 */

import { recordProgram } from './engine/executor.ts';
import { checkReach } from './engine/reach.ts';
import { choosePlan } from './format/choose.ts';
import { fileChecker } from './format/files.ts';
import { readManifest } from './format/read.ts';
import { LoadedModel } from './model.ts';
import { findNative, openNative } from './open-native.ts';
import { openWasm } from './open-wasm.ts';
import { checkOptions, type LoadOptions } from './options.ts';
import type { BundleParts, Platform } from './parts.ts';

export async function openModel<I, O>(
  bundle: BundleParts,
  platform: Platform,
  given: LoadOptions,
): Promise<LoadedModel<I, O>> {
  const options = checkOptions(given);
  const manifest = readManifest(await bundle.manifest(), platform.crc32);
  const check = fileChecker(manifest, platform.crc32);
  const found = findNative(bundle, platform, options, check);
  const choice = choosePlan(manifest, options);
  // Those that this run does not need, too: a bundle is whole, or it says what is not. A native engine is checked where
  // it is chosen.
  for (const name of new Set(manifest.files?.map((file) => file.name))) {
    const bytes = name.endsWith('.node') ? null : await bundle.file?.(name);
    if (bytes) check(name, bytes);
  }
  const executor = options.executor ?? (await bundle.executor(check));
  const program = recordProgram(executor, manifest);
  checkReach(program, manifest, choice, executor.host);
  const opening = { bundle, platform, options, manifest, choice, executor, program, check };
  const engine = typeof found === 'object' ? openNative(opening, found) : await openWasm(opening);
  return new LoadedModel<I, O>({
    inputs: manifest.inputs,
    outputs: manifest.outputs,
    plan: choice.plan,
    mode: choice.mode === 'stream' && engine.source === 'mmap' ? 'mmap' : choice.mode,
    threadCount: options.threads,
    engine,
    engineReason: typeof found === 'string' ? found : undefined,
    now: platform.now,
    reclaim: (engine.kind === 'wasm' && platform.reclaim) || (() => {}),
  });
}
