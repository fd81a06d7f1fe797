/** The runtime on Node: the entry. A bundle is a folder; all that is Node's own is in `platform/node/`. */
import type { Tensors } from './context.ts';
import type { LoadedModel } from './model.ts';
import { openModel } from './open.ts';
import type { LoadOptions } from './options.ts';
import { filesOf, folderUrl } from './platform/node/folder.ts';
import { nodePlatform } from './platform/node/platform.ts';

export * from './index.ts';

/** Loads the bundle in folder `dir`. The variable MILLRACE_ISA is the default of option `isa` for the native engine. */
export function load<I = Tensors, O = Tensors>(
  dir: string | URL,
  options: LoadOptions = {},
): Promise<LoadedModel<I, O>> {
  const folder = folderUrl(dir);
  return openModel<I, O>(filesOf(folder), nodePlatform(folder), options);
}
