/** Profiles of devices as files. */
import { readFile, stat } from 'node:fs/promises';
import { type Profile, parseProfile } from '../compiler/schedule/device/profile.ts';
import { MillraceError } from '../runtime/error.ts';

/** A profile has some kilobytes, with bundles measured some hundred. */
const MOST_BYTES = 64 * 2 ** 20;

export async function readProfile(path: string): Promise<Profile> {
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES)
      throw new MillraceError('PROFILE', 'is too large for a profile', { at: path, got: `${size} bytes` });
    return parseProfile(await readFile(path, 'utf8'), path);
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError('PROFILE', (cause as Error).message, { at: path, cause });
  }
}
