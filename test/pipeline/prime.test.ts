/** The loader at the end of a run, and what the next one finds. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SEGMENT_ALIGNMENT as BYTES } from '../../runtime/format/format.ts';
import { NEVER } from '../../runtime/pipeline/loader.ts';
import { LoaderBench, settled } from '../support/loader-bench.ts';

/** a and b are issued at −1, c and d after steps 0 and 1; a is primed after step 2, b after the last. */
const made = (maxInFlight = 4) =>
  new LoaderBench([-1, -1, 0, 1], [0, 1, 2, 3], 'always', maxInFlight, [2, 3, -1, -1]);

/** One run to its last step; every read that is waited for ends well. */
async function through(bench: LoaderBench): Promise<void> {
  bench.completed = -1;
  bench.loader.begin();
  for (let step = 0; step < 4; step++) {
    if (bench.reading.includes(step)) await bench.end(step);
    assert.equal(bench.states[step], 'ARRIVED');
    bench.complete(step);
  }
}

describe('a loader that primes', () => {
  it('reads ahead once all reads have been started and the place is free', async () => {
    const bench = made();
    bench.loader.begin();
    for (const s of [0, 1]) await bench.end(s);
    bench.complete(0);
    bench.complete(1);
    assert.deepEqual(bench.reading, [2, 3]);
    await bench.end(2);
    assert.equal(bench.wakeAt, 2);
    bench.complete(2);
    assert.deepEqual(bench.reading, [3, 0]);
    assert.equal(bench.states.join(), 'ISSUED,ARRIVED,ARRIVED,ISSUED');
    await bench.end(3);
    bench.complete(3);
    assert.deepEqual(bench.reading, [0, 1]);
    assert.equal(bench.loader.bytesRead, 4 * BYTES);
    // The run is over though they are in flight.
    await bench.loader.settle(true);
    await bench.end(0);
    assert.equal(bench.loader.bytesRead, 4 * BYTES);
    bench.completed = -1;
    bench.loader.begin();
    assert.deepEqual(bench.reading, [1]);
    assert.equal(bench.states.join(), 'ARRIVED,ISSUED,EMPTY,EMPTY');
    await bench.loader.arrival(0);
    await bench.end(1);
    for (const s of [2, 3]) {
      bench.complete(s - 2);
      await bench.end(s);
    }
    assert.equal(bench.loader.bytesRead, 4 * BYTES);
    assert.equal(bench.loader.stallMs, 0);
  });

  it('goes on between runs as reads end', async () => {
    const bench = made(1);
    await through(bench);
    assert.deepEqual(bench.reading, [0]);
    await bench.loader.settle(true);
    await bench.end(0);
    assert.deepEqual(bench.reading, [1]);
    await bench.end(1);
    assert.deepEqual(bench.reading, []);
    assert.equal(bench.wakeAt, NEVER);
    await through(bench);
    assert.equal(bench.loader.bytesRead, 4 * BYTES);
  });

  it('forgets what it primed for a run that was not completed', async () => {
    const bench = made();
    bench.loader.begin();
    for (const s of [0, 1]) await bench.end(s);
    bench.complete(1);
    for (const s of [2, 3]) await bench.end(s);
    bench.complete(2);
    assert.deepEqual(bench.reading, [0]);
    let over = false;
    const settle = bench.loader.settle(false).then(() => {
      over = true;
    });
    await settled();
    assert.equal(over, false, 'a read is in flight');
    await bench.end(0, new Error('EIO'));
    await settle;
    assert.equal(bench.stops, 0);
    bench.completed = -1;
    bench.loader.begin();
    assert.deepEqual(bench.reading, [0, 1]);
    assert.equal(bench.loader.bytesRead, 0);
    assert.equal(bench.loader.failure, null);
    for (const s of [0, 1]) await bench.end(s);
    await bench.loader.settle(false);
  });

  for (const [how, expected] of [
    ['flipped', 'SEGMENT_CRC'],
    [new Error('EIO'), 'SEGMENT_READ'],
  ] as const)
    it(`fails the next run and no other: ${expected}`, async () => {
      for (const late of [false, true]) {
        const bench = made();
        await through(bench);
        await bench.loader.settle(true);
        if (!late) await bench.end(0, how);
        assert.equal(bench.loader.failure, null);
        assert.equal(bench.stops, 0);
        bench.completed = -1;
        bench.loader.begin();
        if (late) await bench.end(0, how);
        assert.equal(bench.stops, 1);
        assert.equal(bench.states[0], 'FAILED');
        await assert.rejects(bench.loader.arrival(0), { code: expected });
        const settle = bench.loader.settle(false);
        for (const s of [...bench.reading]) await bench.end(s);
        await settle;
        await through(bench);
        assert.equal(bench.loader.failure, null);
        assert.equal(bench.loader.bytesRead, 4 * BYTES);
        await bench.loader.settle(true);
      }
    });

  it('obeys the protocol over many runs, whatever the order of steps, arrivals and ends', async () => {
    const plan = fc.record({
      count: fc.integer({ min: 1, max: 6 }),
      leads: fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }),
      delays: fc.array(fc.nat(2), { minLength: 6, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(
        plan,
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat()),
        async ({ count, leads, delays }, most, luck) => {
          const uses = Array.from({ length: count }, (_, s) => s);
          let last = -1;
          const issue = uses.map((s) => (last = Math.max(last, s - 1 - leads[s]!, -1)));
          let after = Math.max(0, last);
          const prime = uses.map((s) => {
            after = Math.max(after, s) + (delays[s] === 0 ? 1 : 0);
            return issue[s] === -1 && after < count ? after : -1;
          });
          const ended = prime.indexOf(-1);
          if (ended >= 0) prime.fill(-1, ended);
          const bench = new LoaderBench(issue, uses, 'always', most, prime);
          /** Reads started for the run that goes on, and for the next. */
          let own = 0;
          let ahead = 0;
          bench.onRead = (s) => {
            assert.ok(bench.reading.length <= most);
            if (own < count) {
              assert.equal(s, own++);
              assert.ok(issue[s]! <= bench.completed, `segment ${s} was read before its issue step`);
            } else {
              assert.equal(s, ahead++);
              assert.ok(prime[s]! >= 0 && prime[s]! <= bench.completed, `segment ${s} was primed too early`);
            }
          };
          const pick = (): number => luck.next().value;
          const endAny = () => bench.end(bench.reading[pick() % bench.reading.length]!);
          for (let run = 0; run < 4; run++) {
            bench.completed = -1;
            [own, ahead] = [ahead, 0];
            bench.loader.begin();
            const stopsAt = pick() % 4 === 0 ? pick() % count : count;
            for (let step = 0; step < stopsAt; ) {
              const lacking = bench.states[step] !== 'ARRIVED' && bench.completed < step;
              if (!lacking && (pick() % 2 === 0 || bench.reading.length === 0)) bench.complete(step++);
              else {
                assert.ok(bench.reading.length > 0, `step ${step} waits for a segment that nobody reads`);
                await endAny();
              }
            }
            const settle = bench.loader.settle(stopsAt === count);
            if (stopsAt === count) {
              await settle;
              assert.equal(bench.loader.bytesRead, count * BYTES);
              for (let ends = pick() % 4; ends > 0 && bench.reading.length > 0; ends--) await endAny();
            } else {
              while (bench.reading.length > 0) await endAny();
              await settle;
              ahead = 0;
            }
          }
          while (bench.reading.length > 0) await endAny();
          assert.equal(bench.loader.failure, null);
        },
      ),
      { numRuns: 300 },
    );
  });
});
