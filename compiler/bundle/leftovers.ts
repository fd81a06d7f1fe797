/**
 * Folders beside a bundle while it is written, and what a process that was killed has left of them. Their names say
 * which process of which machine made them: those of living ones, and of other machines, are theirs to keep.
 */
import { randomBytes } from 'node:crypto';
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';

/** Containers that share a folder have names of their own, and processes of the same numbers. */
const machine = crc32(hostname()).toString(16).padStart(8, '0');

const prefixOf = (target: string): string => `.${basename(target)}.tmp-${machine}-`;

/** Where the bundle at `target` is made before it is moved there. */
export const temporaryOf = (target: string): string =>
  join(dirname(target), `${prefixOf(target)}${process.pid}-${randomBytes(6).toString('hex')}`);

/** Where the bundle that was at the target waits until the new one stands. */
export const oldOf = (temporary: string): string => `${temporary}-old`;

/**
 * Puts a bundle back that a killed process had moved aside, if nothing is in its place, and removes everything else
 * that such processes left.
 */
export async function clearLeftovers(target: string): Promise<void> {
  const parent = dirname(target);
  const prefix = prefixOf(target);
  const left = (await readdir(parent).catch(() => [])).filter((name) => {
    const [, pid] = name.startsWith(prefix)
      ? (/^(\d+)-[0-9a-f]{12}(-old)?$/.exec(name.slice(prefix.length)) ?? [])
      : [];
    return pid !== undefined && !isAlive(Number(pid));
  });
  for (const name of left) {
    const path = join(parent, name);
    if (name.endsWith('-old') && !(await isThere(target)) && (await isThere(join(path, 'manifest.bin'))))
      await rename(path, target);
    else await rm(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's is alive too.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
