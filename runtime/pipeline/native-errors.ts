/** What the native addon reports, as errors of the runtime. */

import {
  failures,
  type NativeAddon,
  type NativeFailure,
  type NativeOptions,
  sources,
} from '../engine/native/addon.ts';
import { engineErrors, engineReasons } from '../engine/program.ts';
import { MillraceError } from '../error.ts';
import type { Manifest } from '../format/format.ts';
import { damaged, endsEarly } from '../weights/source.ts';

/** A model in the addon; what it can not have is said in the runtime's own errors. */
export function createNative(addon: NativeAddon, options: NativeOptions): ReturnType<NativeAddon['create']> {
  const { path: weightsPath } = options;
  try {
    return addon.create(options);
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    if (code === 'MEMORY')
      throw new MillraceError('ENGINE', message, { hint: 'Load a smaller plan: pass a budget.', cause });
    if (code === 'ISA')
      throw new MillraceError('ENGINE', message, {
        expected: addon.isas.join(', '),
        got: options.isa,
        cause,
      });
    if (code === 'CHANGED')
      throw new MillraceError('BUNDLE_READ', message, {
        at: weightsPath,
        hint: 'weights.bin was replaced: load the bundle again.',
        cause,
      });
    const kind = sources[options.source];
    if (code === 'REFUSED' && kind !== 'file')
      throw new MillraceError('OPTION', `source ${kind} is not served here: ${message}`, {
        at: weightsPath,
        hint: 'Use source auto or file.',
        cause,
      });
    throw new MillraceError('BUNDLE_READ', message, { at: weightsPath, cause });
  }
}

/** The first thing that went wrong with the weights in a run. */
export function failureOf(state: NativeFailure, manifest: Manifest, weightsPath: string): MillraceError {
  const segment = manifest.segments[state.segment];
  const hint = 'weights.bin was changed while it was in use: load the bundle again.';
  switch (failures[state.failure]) {
    case 'crc':
      return damaged(state.segment, segment!, state.crc32);
    case 'short':
      return endsEarly(weightsPath, segment!.offset, segment!.byteLength, state.found);
    case 'changed':
      return new MillraceError('SEGMENT_READ', 'the file was changed during the run', {
        at: weightsPath,
        hint,
      });
    default:
      return new MillraceError('SEGMENT_READ', `read at ${segment?.offset ?? 0}: ${state.message}`, {
        at: weightsPath,
      });
  }
}

/** `at`: the layer of the step that failed. */
export function engineErrorOf({ detail }: NativeFailure, at: string): MillraceError {
  if (detail === engineErrors.FAULT)
    return new MillraceError('SEGMENT_READ', 'mapped weights could not be read', {
      at,
      hint: 'weights.bin shrank or its disk failed: copy the bundle again.',
    });
  return new MillraceError('ENGINE', engineReasons[detail] ?? `engine error ${detail}`, { at });
}
