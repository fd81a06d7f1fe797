/**
 * Where weights are read from. A source is open as long as the model is loaded, so that a bundle replaced on disk
 * meanwhile can't mix its bytes in. Invariant: `readInto` resolves only when every byte of `target` is there, and
 * after it has settled, one way or the other, nothing writes to `target` any more.
 */
import { MillraceError } from '../error.ts';

/** What actually serves the reads: the system's file cache, the disk around that cache, or memory. */
export type SourceKind = 'file' | 'direct' | 'memory';

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
