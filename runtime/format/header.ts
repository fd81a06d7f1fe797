/**
 * The header of manifest.bin, written by the compiler and read by the runtime. Invariant: decodeHeader(encodeHeader(p))
 * says p's length and CRC, and nothing of the payload is looked at before the header has been believed.
 *
 *   0  magic "MILLRACE"      8  version u32      12  reserved u32 = 0      16  payload bytes u32      20  CRC-32 u32
 */

import { type Crc32, crc32 } from '../crc32.ts';
import { hex, MillraceError } from '../error.ts';
import { FORMAT_VERSION, HEADER_BYTES, MAGIC, MAX_MANIFEST_BYTES } from './format.ts';

const VERSION = 8;
const RESERVED = 12;
const LENGTH = 16;
const CRC_OFFSET = 20;

/** The header that belongs before `payload`. */
export function encodeHeader(payload: Uint8Array): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  for (let i = 0; i < MAGIC.length; i++) header[i] = MAGIC.charCodeAt(i);
  view.setUint32(VERSION, FORMAT_VERSION, true);
  view.setUint32(RESERVED, 0, true);
  view.setUint32(LENGTH, payload.length, true);
  view.setUint32(CRC_OFFSET, crc32(payload), true);
  return header;
}

const invalid = (what: string, expected: string, got: string): MillraceError =>
  new MillraceError('BUNDLE_INVALID', what, {
    at: 'manifest.bin',
    expected,
    got,
    hint: 'The file is damaged or no Millrace bundle: compile or copy it again.',
  });

/** The payload of a manifest.bin whose header, length and CRC are right; throws BUNDLE_INVALID or BUNDLE_VERSION. */
export function payloadOf(file: Uint8Array, checksum: Crc32): Uint8Array {
  if (file.length < HEADER_BYTES)
    throw invalid('too short', `at least ${HEADER_BYTES} bytes`, `${file.length} bytes`);
  const magic = String.fromCharCode(...file.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw invalid('not a manifest', `"${MAGIC}" at the start`, JSON.stringify(magic));
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const version = view.getUint32(VERSION, true);
  if (version !== FORMAT_VERSION)
    throw new MillraceError('BUNDLE_VERSION', 'bundle of another format version', {
      at: 'manifest.bin',
      expected: `version ${FORMAT_VERSION}`,
      got: `version ${version}`,
      hint: 'Compile the model again with the Millrace that runs it.',
    });
  const reserved = view.getUint32(RESERVED, true);
  if (reserved !== 0) throw invalid('reserved word', '0', String(reserved));
  const length = view.getUint32(LENGTH, true);
  if (length > MAX_MANIFEST_BYTES)
    throw invalid('payload too large', `at most ${MAX_MANIFEST_BYTES} bytes`, `${length} bytes`);
  if (file.length !== HEADER_BYTES + length)
    throw invalid('length', `${HEADER_BYTES + length} bytes`, `${file.length} bytes`);
  const payload = file.subarray(HEADER_BYTES);
  const expected = view.getUint32(CRC_OFFSET, true);
  const got = checksum(payload);
  if (got !== expected) throw invalid('CRC-32 of the payload', hex(expected), hex(got));
  return payload;
}

/** The payload's checksum, as the header of a manifest.bin says. */
export const checksumOf = (file: Uint8Array): number =>
  new DataView(file.buffer, file.byteOffset, file.byteLength).getUint32(CRC_OFFSET, true);
