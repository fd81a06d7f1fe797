/** The loader, read by read. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MillraceError } from '../../runtime/error.ts';
import { RESIDENT, SEGMENT_ALIGNMENT } from '../../runtime/format/format.ts';
import { NEVER } from '../../runtime/pipeline/loader.ts';
import { LoaderBench, settled } from '../support/loader-bench.ts';

const code = (expected: string) => (error: unknown) =>
  error instanceof MillraceError && error.code === expected;

describe('loader', () => {
  it('starts reads in order, each when its issue step is complete', async () => {
    const bench = new LoaderBench([-1, -1, 1], [0, 1, 3]);
    bench.loader.begin();
    assert.deepEqual(bench.reading, [0, 1]);
    assert.equal(bench.states.join(), 'ISSUED,ISSUED,EMPTY');
    await bench.end(0);
    await bench.end(1);
    assert.equal(bench.wakeAt, 1);
    bench.complete(0);
    assert.deepEqual(bench.reading, []);
    bench.complete(1);
    assert.deepEqual(bench.reading, [2]);
    await bench.end(2);
    assert.equal(bench.wakeAt, NEVER);
    assert.equal(bench.states.join(), 'ARRIVED,ARRIVED,ARRIVED');
    assert.equal(bench.loader.bytesRead, 3 * SEGMENT_ALIGNMENT);
  });

  it('overlaps reads with compute: no stall when bytes arrive in time', async () => {
    const bench = new LoaderBench([-1, 0, 1], [0, 2, 3]);
    bench.loader.begin();
    bench.time = 5;
    await bench.end(0); // the first segment is waited for: 5
    for (let step = 0; step <= 1; step++) {
      bench.time += 10;
      bench.complete(step);
      bench.time += 1;
      await bench.end(step + 1);
    }
    bench.complete(2);
    bench.complete(3);
    assert.equal(bench.loader.stallMs, 5);
  });

  it('counts as a stall the time in which the next step lacks only its bytes', async () => {
    const bench = new LoaderBench([-1, -1], [0, 1]);
    bench.loader.begin();
    bench.time = 3;
    await bench.end(0);
    bench.time = 10;
    bench.complete(0);
    bench.time = 17;
    await bench.end(1);
    assert.equal(bench.loader.stallMs, 3 + 7);
  });

  it('takes arrivals out of order', async () => {
    const bench = new LoaderBench([-1, -1, -1], [0, 1, 2]);
    bench.loader.begin();
    await bench.end(2);
    await bench.end(1);
    assert.equal(bench.states.join(), 'ISSUED,ARRIVED,ARRIVED');
    let there = false;
    const arrival = bench.loader.arrival(0).then(() => {
      there = true;
    });
    await settled();
    assert.equal(there, false);
    bench.time = 4;
    await bench.end(0);
    await arrival;
    assert.equal(bench.loader.stallMs, 4);
  });

  it('keeps to the number of reads in flight, and goes on as they end', async () => {
    const bench = new LoaderBench([-1, -1, -1, 0], [0, 1, 2, 3], 'always', 2);
    bench.loader.begin();
    assert.deepEqual(bench.reading, [0, 1]);
    assert.equal(bench.loader.backlogged, true);
    await bench.end(1);
    assert.deepEqual(bench.reading, [0, 2]);
    assert.equal(bench.loader.backlogged, false);
    await bench.end(0);
    assert.equal(bench.wakeAt, 0);
    bench.complete(0);
    assert.deepEqual(bench.reading, [2, 3]);
  });

  it('does not miss a step that completes while it looks', () => {
    const bench = new LoaderBench([-1, 3], [0, 5]);
    // The engine runs through step 3 after the loader has looked and before it has said when to wake it.
    let looked = 0;
    Object.defineProperty(bench, 'completed', { get: () => (looked++ < 1 ? -1 : 3) });
    bench.loader.begin();
    assert.deepEqual(bench.reading, [0, 1]);
  });

  it('rejects the wait, stops the engine and starts nothing more when a read fails', async () => {
    const bench = new LoaderBench([-1, -1, -1], [0, 1, 2], 'always', 2);
    bench.loader.begin();
    const arrival = assert.rejects(bench.loader.arrival(0), code('SEGMENT_READ'));
    await bench.end(1, new Error('EIO'));
    await arrival;
    assert.equal(bench.states[1], 'FAILED');
    assert.equal(bench.stops, 1);
    await bench.end(0);
    assert.deepEqual(bench.reading, []);
    await bench.loader.settle(false);
  });

  it('ends a wait that nothing else would end when it is interrupted, and waits again when asked again', async () => {
    const bench = new LoaderBench([-1, 5], [0, 1]);
    bench.loader.begin();
    const waits: string[] = [];
    for (const which of ['first', 'second']) {
      const wait = bench.loader.arrival(1).then(() => waits.push(which));
      await settled();
      assert.ok(!waits.includes(which));
      bench.loader.interrupt();
      await wait;
    }
    assert.deepEqual(waits, ['first', 'second']);
    assert.equal(bench.states[1], 'EMPTY');
  });

  it('passes on the error of a source that ends early', async () => {
    const bench = new LoaderBench([-1], [0]);
    bench.loader.begin();
    await bench.end(0, new MillraceError('SEGMENT_READ', 'the file ends early', { at: 'weights.bin' }));
    await assert.rejects(bench.loader.arrival(0), /weights\.bin: the file ends early/);
  });

  it('never shows the engine bytes whose CRC is wrong', async () => {
    const bench = new LoaderBench([-1], [0]);
    bench.loader.begin();
    await bench.end(0, 'flipped');
    assert.equal(bench.states[0], 'FAILED');
    await assert.rejects(bench.loader.arrival(0), code('SEGMENT_CRC'));
    await assert.rejects(bench.loader.arrival(0), /segment 0, 4096 bytes at 0/);
  });

  it('checks the first time only, or never, if told so', async () => {
    const first = new LoaderBench([-1], [0], 'first');
    first.loader.begin();
    await first.end(0);
    await first.loader.settle(false);
    first.loader.begin();
    await first.end(0, 'flipped');
    assert.equal(first.states[0], 'ARRIVED');
    const never = new LoaderBench([-1], [0], 'never');
    never.loader.begin();
    await never.end(0, 'flipped');
    assert.equal(never.states[0], 'ARRIVED');
  });

  it('settles when nothing is in flight, and can begin again after a failure', async () => {
    const bench = new LoaderBench([-1, -1], [0, 1]);
    bench.loader.begin();
    await bench.end(0, new Error('EIO'));
    let idle = false;
    const settle = bench.loader.settle(false).then(() => {
      idle = true;
    });
    await settled();
    assert.equal(idle, false);
    await bench.end(1);
    await settle;
    bench.completed = -1;
    bench.loader.begin();
    await bench.end(0);
    await bench.end(1);
    await bench.loader.arrival(1);
    assert.equal(bench.loader.failure, null);
    assert.equal(bench.states.join(), 'ARRIVED,ARRIVED');
  });

  it('starts nothing once it has been told to settle', async () => {
    const bench = new LoaderBench([-1, 0], [0, 1]);
    bench.loader.begin();
    const settle = bench.loader.settle(false);
    bench.completed = 0;
    await bench.end(0);
    await settle;
    assert.deepEqual(bench.reading, []);
  });

  it('reads residents once, before the first run', async () => {
    const bench = new LoaderBench([RESIDENT, -1, RESIDENT], [0, 1, 2]);
    const loaded = bench.loader.loadResidents();
    assert.deepEqual(bench.reading, [0, 2]);
    await bench.end(2);
    await bench.end(0);
    await loaded;
    assert.equal(bench.loader.bytesRead, 2 * SEGMENT_ALIGNMENT);
    bench.loader.begin();
    assert.deepEqual(bench.reading, [1]);
    assert.equal(bench.states.join(), 'RESIDENT,ISSUED,RESIDENT');
  });

  it('fails to load when a resident can not be read', async () => {
    const bench = new LoaderBench([RESIDENT, RESIDENT], [0, 1]);
    const loaded = assert.rejects(bench.loader.loadResidents(), code('SEGMENT_CRC'));
    await bench.end(0, 'flipped');
    await bench.end(1);
    await loaded;
  });

  it('obeys the protocol whatever the order of steps and arrivals', async () => {
    const plan = fc
      .array(fc.record({ gap: fc.nat(2), lead: fc.nat(4), resident: fc.boolean() }), {
        minLength: 1,
        maxLength: 8,
      })
      .map((entries) => {
        const uses: number[] = [];
        const issue: number[] = [];
        let use = 0;
        let last = -1;
        for (const { gap, lead, resident } of entries) {
          use += gap;
          uses.push(use);
          last = Math.max(last, use - 1 - lead);
          issue.push(resident ? RESIDENT : last);
        }
        return { uses, issue };
      });
    await fc.assert(
      fc.asyncProperty(
        plan,
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat()),
        async (made, most, luck) => {
          const bench = new LoaderBench(made.issue, made.uses, 'always', most);
          const streamed = made.issue.flatMap((issue, s) => (issue === RESIDENT ? [] : [s]));
          const started: number[] = [];
          bench.onRead = (s) => {
            assert.ok(made.issue[s]! <= bench.completed, `segment ${s} was read before its issue step`);
            assert.ok(bench.reading.length <= most);
            started.push(s);
          };
          bench.loader.begin();
          const steps = Math.max(...made.uses) + 1;
          for (let step = 0; step < steps; ) {
            const lacking = streamed.some((s) => made.uses[s] === step && bench.states[s] !== 'ARRIVED');
            const pick = luck.next().value;
            // The engine goes on if it can and luck has it so; else some read ends.
            if (!lacking && (pick % 2 === 0 || bench.reading.length === 0)) bench.complete(step++);
            else {
              assert.ok(bench.reading.length > 0, `step ${step} waits for a segment that nobody reads`);
              await bench.end(bench.reading[pick % bench.reading.length]!);
            }
          }
          while (bench.reading.length > 0) await bench.end(bench.reading[0]!);
          assert.deepEqual(started, streamed);
        },
      ),
      { numRuns: 200 },
    );
  });
});
