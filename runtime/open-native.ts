/** From a bundle's parts to a model on the native engine. */

import { runHostOp } from './engine/host.ts';
import type { NativeAddon } from './engine/native/addon.ts';
import { heapTables } from './engine/native/heap-tables.ts';
import { MillraceError } from './error.ts';
import type { CheckFile } from './format/files.ts';
import { layersOf, namesOf, type Opening, sourceFor } from './opening.ts';
import { type CheckedOptions, defaultInFlight } from './options.ts';
import type { BundleParts, Platform } from './parts.ts';
import type { Engine } from './pipeline/engine.ts';
import { NativeModel } from './pipeline/native-model.ts';

/** The addon, where the options allow it and it is found; else why it is WASM, undefined where that was asked for. */
export function findNative(
  bundle: BundleParts,
  platform: Platform,
  options: CheckedOptions,
  check: CheckFile,
): NativeAddon | string | undefined {
  if (options.engine === 'wasm') return undefined;
  const found =
    bundle.weightsPath === undefined || platform.native === undefined
      ? new MillraceError('ENGINE', 'no native engine on this platform')
      : platform.native(check);
  if (!(found instanceof MillraceError)) return found;
  if (options.engine === 'native') throw found;
  // There need not be one; but one that is there and damaged is nothing to pass over in silence.
  if (found.code === 'BUNDLE_INVALID') platform.warn?.(`${found.message}\n  The model runs in WASM.`);
  return found.message;
}

export function openNative(opening: Opening, addon: NativeAddon): Engine {
  const { bundle, platform, options, manifest, choice, executor, program } = opening;
  const wish = choice.mode === 'mmap' ? 'mmap' : sourceFor(opening);
  return new NativeModel({
    addon,
    isa: options.isa ?? usualIsa(addon, platform, options),
    weightsPath: bundle.weightsPath!,
    manifest,
    choice,
    program,
    source: wish === 'auto' ? 'direct' : wish,
    fallback: wish === 'auto',
    threads: options.threads,
    readers: options.inFlight ?? defaultInFlight.native,
    verify: options.verify,
    trace: options.trace,
    heap: options.allocation === 'malloc' ? heapTables(program, manifest, choice.plan, executor.host) : null,
    host: (index, memory) => runHostOp(memory, executor.host[index]!),
    nameOf: namesOf(opening),
    layerOf: layersOf(opening),
  });
}

/** The last of the addon's sets is what every processor of the architecture has: unfused, the bits of plain WASM. */
const usualIsa = ({ isas }: NativeAddon, platform: Platform, { deterministic }: CheckedOptions): string =>
  deterministic ? isas.at(-1)! : (platform.nativeIsa ?? isas[0]!);
