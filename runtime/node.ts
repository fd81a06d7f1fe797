/** The runtime on Node: the entry. A bundle is a folder; all that is Node's own is in `platform/node/`. */
import type { Tensors } from './context.ts';
import type { LoadedModel } from './model.ts';
import { openModel } from './open.ts';
import type { LoadOptions } from './options.ts';
import { filesOf, folderUrl } from './platform/node/folder.ts';
import { locateBundle } from './platform/node/locate.ts';
import { nodePlatform } from './platform/node/platform.ts';

export type { Context, RunOptions, RunStats, Tensors } from './context.ts';
export type { Isa, NativeIsa, WasmIsa } from './engine/isa.ts';
export type { TraceKind } from './engine/trace-rows.ts';
export { type ErrorCode, type ErrorContext, errorCodes, MillraceError } from './error.ts';
export type { Mode } from './format/choose.ts';
export type { ArrayOf, ArrayTypes, DType, TypedArray } from './format/dtype.ts';
export type { Plan } from './format/format.ts';
export type { ContextOptions, LoadedModel, TensorPort } from './model.ts';
export type { LoadOptions } from './options.ts';
export type { EngineKind } from './pipeline/engine.ts';
export type { Verify } from './pipeline/loader-parts.ts';
export type { TraceEvent } from './pipeline/trace.ts';
export type { SourceKind, SourceWish } from './weights/source.ts';

/**
 * Loads the bundle in folder `dir`: reads and checks its manifest, takes the stored plan that fits, and allocates what
 * that plan says. The variable MILLRACE_ISA is the default of option `isa` for the native engine.
 *
 * Throws MillraceError: OPTION for an option that is unknown or can't be; BUDGET where no stored plan fits; BUNDLE_READ,
 * BUNDLE_INVALID or BUNDLE_VERSION for what is wrong with the folder; ENGINE where the engine that is asked for can't
 * run here; SEGMENT_READ or SEGMENT_CRC for resident weights that can't be read or are damaged.
 *
 * @example
 * const model = await load('dist/digits', { budget: '1MiB' });
 * const { probs } = await model.run({ image: new Float32Array(28 * 28) });
 * await model.close();
 */
export function load<I = Tensors, O = Tensors>(
  dir: string | URL,
  options: LoadOptions = {},
): Promise<LoadedModel<I, O>> {
  const folder = folderUrl(dir);
  return openModel<I, O>(filesOf(folder), nodePlatform(folder), options);
}

/** The options of a bundle's own `load`. */
export interface BundleLoadOptions extends LoadOptions {
  /** The bundle's folder: a path, from the working directory, or a URL. By default it is found from `index.js`. */
  readonly folder?: string | URL | undefined;
}

/**
 * The `load` of a bundle whose `index.js` is the module at `module`; `manifestCrc32` is the checksum in its manifest's
 * header, by which the folder is recognised where the module has been bundled into another file.
 *
 * What it returns rejects with what `load` rejects with, and with BUNDLE_READ where the folder is not found.
 *
 * @throws nothing itself; the function it returns rejects with BUNDLE_READ, BUNDLE_INVALID, OPTION, BUDGET or ENGINE.
 * @example
 * export const load = loaderOf(import.meta.url, 0x1234abcd);
 */
export const loaderOf =
  (module: string | undefined, manifestCrc32: number) =>
  async ({ folder, ...options }: BundleLoadOptions = {}): Promise<LoadedModel> =>
    load(folder ?? (await locateBundle(module, manifestCrc32)), options);
