/**
 * Reads one segment into its place and verifies it. Invariant: when `read` has resolved, the bytes are there. As far as
 * `verify` asks for it, they are those that were compiled. When it rejects, a `MillraceError` says why.
 */
import { MillraceError } from '../error.ts';
import { damaged } from '../weights/source.ts';
import type { LoaderParts } from './loader-parts.ts';

type ReaderParts = Pick<
  LoaderParts,
  'segments' | 'targets' | 'source' | 'crc32' | 'verify' | 'maxInFlight' | 'now' | 'trace'
>;

export class SegmentReader {
  readonly #parts: ReaderParts;
  readonly #verified: Uint8Array;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#verified = new Uint8Array(parts.segments.length);
  }

  async read(s: number): Promise<void> {
    const { segments, targets, source, verify, trace, now } = this.#parts;
    const issued = trace ? now() : 0;
    try {
      await source.readInto(targets[s]!, segments[s]!.offset);
    } catch (error) {
      throw failureOf(error);
    }
    if (verify === 'always' || (verify === 'first' && this.#verified[s] === 0)) this.#check(s);
    trace?.record('read', s, issued, now());
  }

  /** Reads some segments, as many at a time as may be in flight; `arrived` hears of each. The first failure ends it. */
  async readAll(list: readonly number[], arrived: (s: number) => void): Promise<void> {
    let next = 0;
    let failure: unknown = null;
    const readOn = async (): Promise<void> => {
      while (next < list.length && failure === null) {
        const s = list[next++]!;
        await this.read(s);
        arrived(s);
      }
    };
    const readers = Array.from({ length: this.#parts.maxInFlight }, () =>
      readOn().catch((error: unknown) => {
        failure ??= error;
      }),
    );
    // All have settled before anyone hears of a failure: nothing is in flight any more.
    await Promise.all(readers);
    if (failure !== null) throw failure;
  }

  #check(s: number): void {
    const { segments, targets, crc32 } = this.#parts;
    const got = crc32(targets[s]!);
    if (got !== segments[s]!.crc32) throw damaged(s, segments[s]!, got);
    this.#verified[s] = 1;
  }
}

const failureOf = (error: unknown): MillraceError =>
  error instanceof MillraceError
    ? error
    : new MillraceError('SEGMENT_READ', error instanceof Error ? error.message : String(error), {
        cause: error,
      });
