/** The pipeline's recurrences, on cases that can be done in the head. */
import assert from 'node:assert/strict';
import { simulate } from '../../compiler/memory/index.ts';

const RESIDENT = -2;
const segments = [0, 1, 2, 3].map((firstUse) => ({ byteLength: 4, firstUse }));
const pipeline = { stepMs: [10, 10, 10, 10], segments, read: { latencyMs: 1, bytesPerMs: 1 } };

describe('simulate', () => {
  it('sequential: every read is waited for', () => {
    const run = simulate(pipeline, [-1, 0, 1, 2]);
    assert.equal(run.totalMs, 4 * (10 + 5));
    assert.equal(run.delayMs, 20);
    assert.deepEqual([...run.stallMs], [5, 5, 5, 5]);
    assert.deepEqual([...run.arriveMs], [5, 20, 35, 50]);
  });

  it('reading ahead: only the first read is waited for', () => {
    const run = simulate(pipeline, [-1, -1, 0, 1]);
    assert.equal(run.totalMs, 45);
    assert.deepEqual([...run.stallMs], [5, 0, 0, 0]);
    assert.deepEqual([...run.doneMs], [15, 25, 35, 45]);
  });

  it('resident: nothing is waited for', () => {
    const run = simulate(pipeline, [RESIDENT, RESIDENT, RESIDENT, RESIDENT]);
    assert.equal(run.totalMs, 40);
    assert.equal(run.delayMs, 0);
  });

  it('bound by the reader: done ≥ Σ r + the last step', () => {
    const slow = { ...pipeline, read: { latencyMs: 1, bytesPerMs: 4 / 29 } };
    assert.equal(simulate(slow, [-1, -1, -1, -1]).totalMs, 4 * 30 + 10);
  });

  it('requests in flight overlap their latencies and share the bandwidth', () => {
    const idle = { ...pipeline, stepMs: [0, 0, 0, 0] };
    const arrivals = (inFlight: number): number[] => [
      ...simulate({ ...idle, read: { latencyMs: 6, bytesPerMs: 1, inFlight } }, [-1, -1, -1, -1]).arriveMs,
    ];
    assert.deepEqual(arrivals(1), [10, 20, 30, 40]);
    // The third request starts when the first has arrived, at 10, and its bytes follow its latency.
    assert.deepEqual(arrivals(2), [10, 14, 20, 24]);
    assert.deepEqual(arrivals(4), [10, 14, 18, 22]);
  });

  it('a step waits for the last of its segments', () => {
    const shared = { ...pipeline, segments: segments.map((segment) => ({ ...segment, firstUse: 1 })) };
    const run = simulate(shared, [-1, -1, -1, 0]);
    assert.deepEqual([...run.arriveMs], [5, 10, 15, 20]);
    assert.deepEqual([...run.stallMs], [0, 0, 5, 5]);
    assert.equal(run.totalMs, 50);
  });

  it('what a read takes from the compute is paid before the first step that uses it', () => {
    const read = { latencyMs: 0, bytesPerMs: 1, inFlight: 2, handleMs: 1, handleMsPerGigabyte: 0.25e9 };
    const run = simulate({ ...pipeline, read }, [-1, -1, -1, RESIDENT]);
    assert.deepEqual([...run.arriveMs], [4, 8, 12, 0]);
    assert.deepEqual([...run.stallMs], [6, 2, 2, 0]);
    assert.deepEqual([run.totalMs, run.delayMs], [50, 10]);
  });
});
