/** The arithmetic behind the tables of streaming, on problems small enough to follow by hand. */
import assert from 'node:assert/strict';
import type { PlanProblem } from '../../compiler/memory/index.ts';
import { timelineOf } from '../../compiler/memory/timeline.ts';
import { arenaOf } from '../../scripts/reproduce/arenas.ts';
import { jointAgainstSeparate } from '../../scripts/reproduce/joint.ts';
import { fastestMs, leastMemory, ringMs } from '../../scripts/reproduce/streaming.ts';

const PAGE = 4096;

describe('streaming on paper', () => {
  const layers = [1, 0, 1, 1].map((pages) => ({ bytes: pages * PAGE, computeMs: 2 }));
  /** A page in a millisecond. */
  const ring = (pages: number): number => ringMs(layers, pages * PAGE, PAGE);

  it('a ring of one layer reads when the layer before is done; the one without weights hides a read', () => {
    // Read 0–1, compute 1–3; read 3–4 beside compute 3–5; compute 5–7; read 7–8; compute 8–10.
    assert.equal(ring(1), 10);
    assert.equal(ring(2), 9);
    assert.equal(ring(100), 9);
  });

  it('a layer larger than the ring is refused', () => {
    assert.throws(() => ring(0.5), /a layer of 4096 bytes/);
  });

  /** The same as a plan: a segment for each page. */
  const problem: PlanProblem = {
    steps: layers.map(({ computeMs }) => ({ ms: computeMs })),
    values: [],
    segments: [0, 2, 3].map((step) => ({ byteLength: PAGE, firstUse: step, lastUse: step })),
    read: { latencyMs: 0, bytesPerMs: PAGE },
    fixedBytes: 0,
  };

  it('the least memory for a time agrees with the ring', () => {
    assert.equal(fastestMs(timelineOf(problem), PAGE), 10);
    assert.equal(fastestMs(timelineOf(problem), PAGE - 1), Number.POSITIVE_INFINITY);
    assert.deepEqual(leastMemory(problem, 10), { peakBytes: PAGE, totalMs: 10 });
    assert.equal(leastMemory(problem, 9)!.peakBytes, 2 * PAGE);
    assert.equal(leastMemory(problem, 8.9), null);
  });

  it('one plan needs less than two pools where activations and weights peak at different steps', () => {
    const values = [
      { id: 1, kind: 'activation' as const, byteLength: 4 * PAGE, start: 1, end: 2 },
      { id: 2, kind: 'activation' as const, byteLength: PAGE, start: -1, end: 5 },
    ];
    const { double } = jointAgainstSeparate({ ...problem, values })!;
    assert.equal(double.ringBytes, 2 * PAGE);
    assert.equal(double.separateBytes, 7 * PAGE);
    assert.ok(double.jointBytes < double.separateBytes);
    assert.ok(double.plannedMs <= double.limitMs);
    assert.equal(jointAgainstSeparate({ ...problem, values, segments: [] }), null);
  });

  it('arenas are compared in whole units of alignment', () => {
    const value = (id: number, byteLength: number, start: number, end: number) =>
      ({ id, kind: 'activation', byteLength, start, end }) as const;
    assert.deepEqual(arenaOf([value(1, 100, 0, 2), value(2, 4, 1, 3)]), {
      suite: 192,
      bound: 192,
      bestGreedy: 192,
    });
  });
});
