/**
 * External data: tensors whose bytes lie in files beside the model. The file names come from the model, so a hostile
 * model could read any file of the machine into a bundle. Accepted is only a regular file, with one name, below the
 * model's folder, reached without a symbolic link that leaves it.
 * Source: ExternalData.md of onnx/onnx; the refusals answer CVE-2022-25882, CVE-2024-27318, CVE-2024-5187 (paths),
 * CVE-2026-27489, -34446, -34447 (links), CVE-2026-34445 (keys, numbers).
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { MillraceError } from '../../../runtime/error.ts';
import type { FileConstant } from '../../ir/constant.ts';

const keys = new Set(['location', 'offset', 'length', 'checksum']);

/** Resolves external data of models in one folder. */
export class ExternalFolder {
  readonly #folder: string;
  /** Sizes of the files already examined. */
  readonly #sizes = new Map<string, { path: string; size: bigint }>();

  /** `modelPath` is the path of the model file; its folder is what external files must be in. */
  constructor(modelPath: string) {
    this.#folder = realpathSync(dirname(modelPath));
  }

  /** The byte range of a tensor of `length` bytes. */
  resolve(tensor: string, entries: readonly (readonly [string, string])[], length: number): FileConstant {
    const refuse = (what: string, got?: string, expected?: string): MillraceError =>
      new MillraceError('MODEL_EXTERNAL_DATA', what, {
        at: `external data of "${tensor}"`,
        ...(expected === undefined ? {} : { expected }),
        ...(got === undefined ? {} : { got: JSON.stringify(got) }),
      });
    const given = new Map<string, string>();
    for (const [key, value] of entries) {
      if (!keys.has(key)) throw refuse('unknown key', key, [...keys].join(', '));
      if (given.has(key)) throw refuse('a key appears twice', key);
      given.set(key, value);
    }
    const number = (key: string): bigint | null => {
      const text = given.get(key);
      if (text === undefined) return null;
      if (!/^[0-9]{1,19}$/.test(text)) throw refuse(`${key} is not a decimal number`, text);
      return BigInt(text);
    };
    const location = given.get('location');
    if (location === undefined || location === '') throw refuse('has no location');
    const offset = number('offset') ?? 0n;
    const claimed = number('length');
    if (claimed !== null && claimed !== BigInt(length))
      throw refuse('length differs from what type and shape say', `${claimed}`, `${length} bytes`);
    const { path, size } = this.#examine(location, refuse);
    if (offset + BigInt(length) > size)
      throw refuse(
        'lies beyond the end of its file',
        `bytes ${offset} to ${offset + BigInt(length)} of ${location}`,
        `at most ${size}`,
      );
    return { kind: 'file', path, offset: Number(offset) };
  }

  #examine(
    location: string,
    refuse: (what: string, got?: string, expected?: string) => MillraceError,
  ): { path: string; size: bigint } {
    const known = this.#sizes.get(location);
    if (known !== undefined) return known;
    const inside = 'a file below the folder of the model';
    // A backslash or a drive letter means another place on another system; a model should mean the same everywhere.
    if (location.includes('\0') || location.includes('\\') || /^[a-zA-Z]:/.test(location))
      throw refuse('location is not a portable relative path', location, inside);
    const parts = location.split('/');
    if (location.startsWith('/')) throw refuse('location is absolute', location, inside);
    if (parts.includes('..')) throw refuse('location leaves the folder of the model', location, inside);
    if (parts.at(-1) === '' || parts.at(-1) === '.') throw refuse('location is a folder', location, inside);
    const named = join(this.#folder, ...parts);
    let path: string;
    try {
      if (lstatSync(named).isSymbolicLink()) throw refuse('is a symbolic link', location, 'the file itself');
      path = join(realpathSync(dirname(named)), parts.at(-1) ?? '');
    } catch (cause) {
      if (cause instanceof MillraceError) throw cause;
      throw refuse('file is missing or unreadable', location, inside);
    }
    const prefix = this.#folder.endsWith(sep) ? this.#folder : this.#folder + sep;
    if (!path.startsWith(prefix)) throw refuse('location leaves the folder of the model', location, inside);
    const size = this.#open(path, location, refuse);
    const examined = { path, size };
    this.#sizes.set(location, examined);
    return examined;
  }

  /** Asks the opened file, not its name, what it is: between the two the name could be pointed elsewhere. */
  #open(path: string, location: string, refuse: (what: string, got?: string) => MillraceError): bigint {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    } catch {
      throw refuse('file is missing or unreadable', location);
    }
    try {
      const stat = fstatSync(fd, { bigint: true });
      if (!stat.isFile()) throw refuse('is not a regular file', location);
      if (stat.nlink > 1n) throw refuse('is a file with several names (hard links)', location);
      return stat.size;
    } finally {
      closeSync(fd);
    }
  }
}
