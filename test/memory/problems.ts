/** Random planning problems, small enough to be searched exhaustively. */
import fc from 'fast-check';
import type { PlanProblem } from '../../compiler/memory/index.ts';

export interface Size {
  readonly steps: number;
  readonly values: number;
  readonly segments: number;
}

export const arbitraryProblem = ({ steps, values, segments }: Size): fc.Arbitrary<PlanProblem> =>
  fc.integer({ min: 1, max: steps }).chain((T) =>
    fc
      .record({
        ms: fc.array(fc.nat(20), { minLength: T, maxLength: T }),
        values: fc.array(
          fc.record({
            start: fc.integer({ min: -1, max: T - 1 }),
            length: fc.integer({ min: 1, max: T + 2 }),
            bytes: fc.nat(40_000),
            scratch: fc.boolean(),
          }),
          { maxLength: values },
        ),
        segments: fc.array(
          fc.record({
            firstUse: fc.nat(T - 1),
            // Mostly used by one step, sometimes shared by steps far apart.
            length: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(T) }),
            pages: fc.integer({ min: 1, max: 6 }),
          }),
          { maxLength: segments },
        ),
        latencyMs: fc.nat(3),
        bytesPerMs: fc.constantFrom(512, 4096, 65_536),
        inFlight: fc.integer({ min: 1, max: 3 }),
        fixedBytes: fc.nat(1000),
      })
      .map((drawn) => ({
        steps: drawn.ms.map((ms) => ({ ms })),
        values: drawn.values.map(({ start, length, bytes, scratch }, n) => ({
          id: n + 3,
          kind: scratch && start >= 0 ? ('scratch' as const) : ('activation' as const),
          byteLength: bytes,
          start,
          end: scratch && start >= 0 ? start + 1 : Math.min(start + length, T + 1),
        })),
        segments: drawn.segments
          .map(({ firstUse, length, pages }) => ({
            byteLength: 4096 * pages,
            firstUse,
            lastUse: Math.min(firstUse + length, T - 1),
          }))
          .sort((a, b) => a.firstUse - b.firstUse),
        read: { latencyMs: drawn.latencyMs, bytesPerMs: drawn.bytesPerMs, inFlight: drawn.inFlight },
        fixedBytes: drawn.fixedBytes,
      })),
  );
