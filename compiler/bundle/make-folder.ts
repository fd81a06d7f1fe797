/**
 * Makes a folder and the ones above it that are missing. Node's recursive `mkdir` goes on for ever where a folder
 * seems to be there but takes nothing that is new, as /proc does: here each is made once, or the error is thrown.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** The outermost folder that was made; undefined where all were there. */
export async function makeFolder(path: string): Promise<string | undefined> {
  const missing: string[] = [];
  for (let folder = resolve(path); !(await exists(folder)); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) await madeOrThere(folder);
  return missing[0];
}

/** Whether anything is there: what is put into a file fails by itself. */
async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Another process may have made it meanwhile. */
async function madeOrThere(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await exists(folder))) throw error;
  }
}
