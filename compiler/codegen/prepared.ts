/**
 * What every bundle has and no network changes: the runtime as one module, the worker, the declarations. Bundling and
 * rolling up take half a second, so `npm run build` does it once (`scripts/prepare.ts`) and leaves a file beside this
 * module. From the sources of a checkout it is made on first use.
 */
import { existsSync, readFileSync } from 'node:fs';

export interface Bundled {
  readonly text: string;
  /** Source files that went in, relative to the package. */
  readonly sources: readonly string[];
}

export interface Prepared {
  readonly index: Bundled;
  readonly worker: Bundled;
  readonly declarations: string;
}

export const preparedFile = new URL('prepared.json', import.meta.url);

let prepared: Prepared | null | undefined;

/** null: it has to be made. */
export function readPrepared(): Prepared | null {
  prepared ??= existsSync(preparedFile) ? (JSON.parse(readFileSync(preparedFile, 'utf8')) as Prepared) : null;
  return prepared;
}
