/** Files of weights on Node, read with `fs.read` on libuv's threads. */
import { close, constants, fstat, open, read } from 'node:fs';
import { promisify } from 'node:util';
import { MillraceError } from '../../error.ts';
import type { Files, OpenFile } from '../../weights/file.ts';

const openCall = promisify(open);
const closeCall = promisify(close);
const statCall = promisify(fstat);

/** Node refuses reads of 2 GiB and more; the kernel stops 4 KiB short of that. */
const MAX_READ = 2 ** 30;

/** undefined: not Linux. */
const directFlag: number | undefined = constants.O_DIRECT;

export const nodeFiles: Files = {
  direct: directFlag !== undefined,
  async open(path, kind) {
    const flags = kind === 'direct' ? constants.O_RDONLY | (directFlag ?? 0) : constants.O_RDONLY;
    const descriptor = await openCall(path, flags).catch((cause: Error) => {
      throw new MillraceError('BUNDLE_READ', cause.message, { at: path, cause });
    });
    try {
      const stat = await statCall(descriptor);
      if (!stat.isFile()) throw new MillraceError('BUNDLE_READ', 'not a regular file', { at: path });
      return openFile(descriptor, stat.size);
    } catch (error) {
      await closeCall(descriptor);
      throw error;
    }
  },
};

const openFile = (descriptor: number, byteLength: number): OpenFile => ({
  byteLength,
  read: (target, offset) =>
    new Promise((resolve, reject) => {
      read(descriptor, target, 0, Math.min(target.length, MAX_READ), offset, (error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    }),
  close: () => closeCall(descriptor),
});
