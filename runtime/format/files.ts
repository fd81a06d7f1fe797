/** The bundle's files as the manifest knows them: whoever reads one to run it has it checked first. */
import type { Crc32 } from '../crc32.ts';
import { hex, MillraceError } from '../error.ts';
import type { Manifest } from './format.ts';

/** Throws BUNDLE_INVALID, which names the file, where its bytes are not those that were compiled. */
export type CheckFile = (name: string, bytes: Uint8Array) => void;

/** Files that the manifest does not list pass: older bundles list none. */
export const fileChecker =
  ({ files = [] }: Manifest, crc32: Crc32): CheckFile =>
  (name, bytes) => {
    const entry = files.find((file) => file.name === name);
    if (entry === undefined) return;
    const got = sums(bytes.length, crc32(bytes));
    const expected = sums(entry.byteLength, entry.crc32);
    if (got === expected) return;
    throw new MillraceError('BUNDLE_INVALID', 'the file is not the one that was compiled', {
      at: name,
      expected,
      got,
      hint: 'It is damaged or of another bundle: copy the whole folder again.',
    });
  };

const sums = (byteLength: number, crc32: number): string => `${byteLength} bytes, CRC-32 ${hex(crc32)}`;
