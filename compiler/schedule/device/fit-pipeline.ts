/**
 * What reading costs on a device. It is fitted to whole runs and not to bursts of reads, because it has to predict how
 * long runs take. In a run, readers share cores and memory with the kernels and read into the memory that is computed with.
 *
 * First what reads take from the threads that compute: the time of a run which is neither the steps' own nor waiting.
 * Then the latency and the bandwidth for which the pipeline's own simulator (memory/simulate.ts) misses the runs least.
 * Misses count in proportion and not squared, so that a run which something else disturbed does not bend the rest.
 */
import { RESIDENT } from '../../../runtime/format/format.ts';
import type { ReadModel } from '../../memory/problem.ts';
import { type Pipeline, Simulator } from '../../memory/simulate.ts';
import { median } from './median.ts';

/** One plan of one network as it ran. */
export interface TimedRun {
  /** Per step, without reads. */
  readonly stepMs: readonly number[];
  readonly segments: Pipeline['segments'];
  readonly issue: readonly number[];
  readonly ms: number;
  /** Of it, waiting for segments. */
  readonly stallMs: number;
  /** How much it counts; 1 by default. */
  readonly weight?: number;
}

export type PipelineCost = Pick<
  Required<ReadModel>,
  'latencyMs' | 'bytesPerMs' | 'handleMs' | 'handleMsPerGigabyte'
>;

/** Neighbours are apart by a ratio or, from 0 on, by a difference. */
interface Axis {
  readonly values: readonly number[];
  readonly step: number;
  readonly ratio: boolean;
}

const byRatio = (from: number, step: number, count: number): Axis => ({
  values: Array.from({ length: count }, (_, n) => from * step ** n),
  step,
  ratio: true,
});
const byDifference = (step: number, count: number): Axis => ({
  values: Array.from({ length: count }, (_, n) => step * n),
  step,
  ratio: false,
});

const ZOOMS = 8;
/** A difference below this share says nothing: the least explanation stands. */
const BETTER = 1e-6;

/** `checkMs` of a gigabyte: checksums that are taken while the thread that computes counts as waiting. */
export function fitPipeline(runs: readonly TimedRun[], inFlight: number, checkMs = 0): PipelineCost {
  const [handleMs, beside] = fitHandling(runs);
  const handleMsPerGigabyte = beside + checkMs;
  // 20 MB/s to 45 GB/s, 5 µs to 10 ms.
  const [bytesPerMs, latencyMs] = search(byRatio(2e4, 1.4, 24), byRatio(0.005, 2, 12), (bytes, latency) => {
    const read = {
      bytesPerMs: bytes,
      latencyMs: latency,
      handleMs,
      handleMsPerGigabyte,
      inFlight,
    };
    return runs.reduce((sum, { stepMs, segments, issue, ms, weight = 1 }) => {
      const predicted = new Simulator({ stepMs, segments, read }).run(issue);
      return sum + weight * Math.abs(Math.log(predicted / ms));
    }, 0);
  });
  return { latencyMs, bytesPerMs, handleMs, handleMsPerGigabyte };
}

/**
 * From how runs of one network differ with what they read. The steps' own time is the same in all of these runs, however
 * the layout of the memory changes it.
 */
function fitHandling(runs: readonly TimedRun[]): readonly [number, number] {
  const networks = new Map<readonly number[], { requests: number; gigabytes: number; ms: number }[]>();
  for (const { stepMs, segments, issue, ms, stallMs } of runs) {
    const read = segments.filter((_, s) => issue[s] !== RESIDENT);
    const gigabytes = read.reduce((sum, { byteLength }) => sum + byteLength, 0) / 1e9;
    const taken = { requests: read.length, gigabytes, ms: ms - stallMs };
    const known = networks.get(stepMs);
    if (known === undefined) networks.set(stepMs, [taken]);
    else known.push(taken);
  }
  // Up to 0.2 ms for a request and 1 s for a gigabyte.
  return search(byDifference(0.02, 11), byDifference(100, 11), (perRequest, perGigabyte) => {
    let sum = 0;
    for (const taken of networks.values()) {
      const rest = taken.map(
        ({ requests, gigabytes, ms }) => ms - requests * perRequest - gigabytes * perGigabyte,
      );
      const own = median(rest);
      for (const [n, { ms }] of taken.entries()) sum += Math.abs(rest[n]! - own) / ms;
    }
    return sum;
  });
}

/** The point with the least miss; of points that miss as much, the first. */
function search(a: Axis, b: Axis, missOf: (x: number, y: number) => number): readonly [number, number] {
  let best: readonly [number, number] = [a.values[0]!, b.values[0]!];
  let bestMiss = missOf(...best);
  for (let zoom = 0; zoom < ZOOMS; zoom++) {
    for (const x of a.values)
      for (const y of b.values) {
        const miss = missOf(x, y);
        if (miss >= bestMiss * (1 - BETTER)) continue;
        best = [x, y];
        bestMiss = miss;
      }
    a = around(best[0], a);
    b = around(best[1], b);
  }
  return best;
}

/** Three points to each side, half as far apart as before. */
function around(middle: number, { step, ratio }: Axis): Axis {
  const finer = ratio ? Math.sqrt(step) : step / 2;
  const at = (n: number): number => (ratio ? middle * finer ** n : Math.max(0, middle + n * finer));
  return { values: [...new Set([-3, -2, -1, 0, 1, 2, 3].map(at))], step: finer, ratio };
}
