/** Profiles: what is fitted to timings, what is read from files, and what predictions make of it. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { simulate } from '../../compiler/memory/index.ts';
import { Simulator } from '../../compiler/memory/simulate.ts';
import { referenceDevice, type StepWork, workMilliseconds } from '../../compiler/schedule/device/cost.ts';
import { fitFamily, fitKernels, mediansOf, type Timing } from '../../compiler/schedule/device/fit.ts';
import { fitPipeline, type TimedRun } from '../../compiler/schedule/device/fit-pipeline.ts';
import {
  deviceOf,
  PROFILE_VERSION,
  type Profile,
  parseProfile,
} from '../../compiler/schedule/device/profile.ts';
import { MillraceError } from '../../runtime/error.ts';
import { RESIDENT } from '../../runtime/format/format.ts';

const work = (kernel: string, n: number): StepWork => ({
  kernel,
  flops: 1e6 * (1 + ((n * 7919) % 1000)),
  bytes: 1e4 * (1 + ((n * 104729) % 777)),
  weightBytes: 1e4 * ((n * 1299709) % 555),
});
const cost = { fixedMs: 0.004, msPerGflop: 25, msPerGigabyte: 120, msPerGigabyteOfWeights: 60 };
const device = { ...referenceDevice, kernels: { conv: cost } };
const timed = (n: number): Timing => {
  const of = work('conv', n);
  return { work: of, ms: workMilliseconds(of, device) };
};
const timings = Array.from({ length: 40 }, (_, n) => timed(n));

const isClose = (got: number, expected: number, share: number): void =>
  assert.ok(Math.abs(got - expected) <= share * expected, `${got} is not ${expected}`);

const profile: Profile = {
  version: PROFILE_VERSION,
  machine: 'a machine',
  engine: 'native',
  isa: 'avx2',
  threads: 2,
  source: 'direct',
  kernels: { conv: cost },
  others: { flopsPerMs: 1e7, bytesPerMs: 1e6 },
  read: {
    latencyMs: 0.1,
    bytesPerMs: 1e6,
    inFlight: 2,
    handleMs: 0.01,
    handleMsPerGigabyte: 80,
  },
  measured: [{ work: { kernel: 'conv', flops: 5, bytes: 6, weightBytes: 7 }, ms: 0.5 }],
};

describe('fitting a device', () => {
  it('recovers the constants behind timings', () => {
    const fitted = fitKernels(timings)['conv']!;
    for (const name of Object.keys(cost) as (keyof typeof cost)[]) isClose(fitted[name], cost[name], 1e-3);
  });

  it('is not bent by timings that something else disturbed', () => {
    const disturbed = timings.map((timing, n) => (n % 8 === 3 ? { ...timing, ms: timing.ms * 4 } : timing));
    const fitted = fitFamily(disturbed);
    for (const { work, ms } of timings)
      isClose(workMilliseconds(work, { ...device, kernels: { conv: fitted } }), ms, 0.03);
  });

  it('never has a negative slope, however few or strange the timings are', () => {
    const amount = fc.integer({ min: 0, max: 1e9 });
    const any = fc.record({
      work: fc.record({ kernel: fc.constant('k'), flops: amount, bytes: amount, weightBytes: amount }),
      ms: fc.double({ min: 0, max: 1e3, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 6 }), (some) => {
        for (const term of Object.values(fitFamily(some)))
          assert.ok(term >= 0 && term < Number.POSITIVE_INFINITY, `${term}`);
      }),
      { numRuns: 200 },
    );
  });

  it('takes the median where the same work was timed more often', () => {
    const of = work('conv', 1);
    assert.deepEqual(mediansOf([3, 1, 9].map((ms) => ({ work: of, ms }))), [{ work: of, ms: 3 }]);
  });

  it('recovers what reads cost from whole runs, some of which something else disturbed', () => {
    const truth = { latencyMs: 0.15, bytesPerMs: 1.6e6, handleMs: 0.02, handleMsPerGigabyte: 90 };
    const runsOf = (bytes: number, ms: number): TimedRun[] => {
      const stepMs = Array.from({ length: 24 }, () => ms);
      const segments = stepMs.map((_, s) => ({ byteLength: bytes, firstUse: s }));
      const simulator = new Simulator({ stepMs, segments, read: { ...truth, inFlight: 3 } });
      return [1, 2, 3, 6].flatMap((every) =>
        [2, 24].map((ahead) => {
          const issue = segments.map((_, s) => (s % every === 0 ? Math.max(-1, s - ahead) : RESIDENT));
          const totalMs = simulator.run(issue);
          return {
            stepMs,
            segments,
            issue,
            ms: totalMs,
            stallMs: totalMs - simulator.handledMs(issue) - 24 * ms,
          };
        }),
      );
    };
    const runs = [65536, 262144, 1048576].flatMap((bytes) =>
      [0.05, 0.3, 2, 8].flatMap((ms) => runsOf(bytes, ms)),
    );
    const disturbed = runs.map((one, n) =>
      n % 7 === 3 ? { ...one, ms: one.ms * 1.5, stallMs: one.stallMs * 1.5 } : one,
    );
    const fitted = fitPipeline(disturbed, 3);
    isClose(fitted.handleMs, truth.handleMs, 0.1);
    isClose(fitted.handleMsPerGigabyte, truth.handleMsPerGigabyte, 0.1);
    for (const { stepMs, segments, issue, ms } of runs)
      isClose(simulate({ stepMs, segments, read: { ...fitted, inFlight: 3 } }, issue).totalMs, ms, 0.03);
  });

  it('takes reads for free where nothing is read', () => {
    const fitted = fitPipeline([{ stepMs: [1], segments: [], issue: [], ms: 1, stallMs: 0 }], 1);
    assert.deepEqual([fitted.handleMs, fitted.handleMsPerGigabyte], [0, 0]);
  });
});

describe('profiles', () => {
  it('are read as they were written', () => {
    assert.deepEqual(parseProfile(JSON.stringify(profile), 'p'), profile);
    assert.deepEqual(parseProfile(JSON.stringify({ ...profile, later: 1 }), 'p'), profile);
  });

  it('predict what was timed as timed, what was fitted as fitted, and the rest from others', () => {
    const from = deviceOf(profile);
    assert.equal(workMilliseconds(profile.measured[0]!.work, from), 0.5);
    assert.equal(workMilliseconds(work('conv', 4), from), timed(4).ms);
    const other = { kernel: 'constructor', flops: 1e8, bytes: 0, weightBytes: 0 };
    isClose(workMilliseconds(other, from), 10, 0.01);
  });

  it('are refused where they are not what they should be, naming the field', () => {
    const changed = (path: readonly string[], value: unknown): string => {
      const copy = structuredClone(profile) as unknown as Record<string, unknown>;
      let at = copy;
      for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
      at[path.at(-1)!] = value;
      return JSON.stringify(copy);
    };
    const cases: readonly (readonly [readonly string[], unknown])[] = [
      [['version'], 1],
      [['kernels'], []],
      [['kernels', 'conv'], null],
      [['kernels', 'conv', 'msPerGflop'], -1],
      [['kernels', 'conv', 'fixedMs'], '1'],
      [['others', 'flopsPerMs'], 0],
      [['read'], 7],
      [['read', 'bytesPerMs'], 0],
      [['read', 'inFlight'], 0],
      [['read', 'inFlight'], 1.5],
      [['read', 'latencyMs'], -1],
      [['read', 'handleMsPerGigabyte'], 'free'],
      [['measured', '0'], 3],
      [['measured', '0', 'ms'], null],
      [['measured', '0', 'work', 'kernel'], 9],
      [['measured', '0', 'work', 'flops'], 2 ** 60],
      [['threads'], 0],
    ];
    for (const [path, value] of cases) {
      const field = path.join('.').replace(/\.(\d+)/, '[$1]');
      assert.throws(
        () => parseProfile(changed(path, value), 'p.json'),
        (error) =>
          error instanceof MillraceError &&
          error.code === 'PROFILE' &&
          error.at?.startsWith(`p.json: ${field}`) === true,
        field,
      );
    }
    for (const text of ['', '[]', 'null', '{', '{"version":1}', JSON.stringify('x'.repeat(1000))])
      assert.throws(() => parseProfile(text, 'p'), MillraceError, text);
    const hostile = `{"__proto__":{"version":1},"kernels":{"__proto__":{"fixedMs":0}}}`;
    assert.throws(() => parseProfile(hostile, 'p'), MillraceError);
  });
});
