/** Files that a command writes. A disk that is full or read-only is an OUTPUT error that names the file. */
import { writeFile } from 'node:fs/promises';
import { MillraceError } from '../runtime/error.ts';

/** Does what writes `path`. */
export async function writing<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError('OUTPUT', (cause as Error).message, {
      at: path,
      hint: 'Nothing else is affected: name another place, or make room and repeat the command.',
      cause,
    });
  }
}

export const writeText = (path: string, text: string): Promise<void> =>
  writing(path, () => writeFile(path, text));
