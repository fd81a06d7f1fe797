/**
 * Where weights are read from. A source is open as long as the model is loaded, so that a bundle replaced on disk
 * meanwhile can't mix its bytes in. Invariant: `readInto` resolves only when every byte of `target` is there, and
 * after it has settled, one way or the other, nothing writes to `target` any more.
 */

import { hex, MillraceError } from '../error.ts';
import type { SegmentEntry } from '../format/format.ts';

/** What actually serves the reads: the system's file cache, the disk around it, the cache in place, or memory. */
export type SourceKind = 'file' | 'direct' | 'mmap' | 'memory';

/** How weights may be asked for. `auto` is settled by what the system can do. */
export const sourceWishes = ['auto', 'file', 'direct', 'mmap'] as const;

/** How weights shall be read. */
export type SourceWish = (typeof sourceWishes)[number];

export interface WeightSource {
  readonly kind: SourceKind;
  readonly byteLength: number;
  /** Fills `target` from byte `offset`; rejects with SEGMENT_READ. Several may be in flight. */
  readInto(target: Uint8Array, offset: number): Promise<void>;
  /** Called once, when no read is in flight. */
  close(): Promise<void>;
}

/** The range ends past the source, or the source ended before the range did. */
export const endsEarly = (at: string, offset: number, byteLength: number, found: number): MillraceError =>
  new MillraceError('SEGMENT_READ', 'the file ends early', {
    at,
    expected: `${byteLength} bytes at ${offset}`,
    got: `${found} bytes`,
    hint: 'The file was truncated: copy the bundle again.',
  });

/** The segment's bytes have another checksum than those that were compiled. */
export const damaged = (s: number, { offset, byteLength, crc32 }: SegmentEntry, got: number): MillraceError =>
  new MillraceError('SEGMENT_CRC', 'the bytes are not those that were compiled', {
    at: `weights.bin: segment ${s}, ${byteLength} bytes at ${offset}`,
    expected: `CRC-32 ${hex(crc32)}`,
    got: hex(got),
    hint: 'The file is damaged: copy the bundle again.',
  });

/** Found at load, before anything is read. */
export const anotherSize = (expected: number, got: number): MillraceError =>
  new MillraceError('BUNDLE_INVALID', 'the file has another size', {
    at: 'weights.bin',
    expected: `${expected} bytes`,
    got: `${got} bytes`,
    hint: 'It is truncated or of another bundle: copy the whole folder again.',
  });
