/**
 * What reading costs on a device, from whole runs: latency, bandwidth and the time that reads take from the compute, for
 * which the pipeline's own simulator (memory/simulate.ts) misses the measured runs least. Runs and not bursts of reads
 * are fitted, because what is wanted is how long runs take: with readers that share the cores and the memory with the
 * kernels, into the memory that the engine reads into.
 *
 * Four parameters; a grid over all of them, then finer ones around the best. Misses count in proportion and not squared,
 * so that a run which something else disturbed does not bend the rest.
 */
import { type Pipeline, Simulator } from '../memory/simulate.ts';

/** One plan of one network as it ran. */
export interface TimedRun {
  /** Per step, without reads. */
  readonly stepMs: readonly number[];
  readonly segments: Pipeline['segments'];
  readonly issue: readonly number[];
  readonly ms: number;
  /** How much it counts; 1 by default. */
  readonly weight?: number;
}

export interface PipelineCost {
  readonly latencyMs: number;
  readonly bytesPerMs: number;
  /** Of the computing threads: for each request, and for each gigabyte. */
  readonly handleMs: number;
  readonly handleMsPerGigabyte: number;
}

interface Range {
  readonly values: readonly number[];
  /** Neighbours are apart by a ratio, or by a difference. */
  readonly step: number;
  readonly ratio: boolean;
}

const byRatio = (from: number, ratio: number, count: number): Range => ({
  values: Array.from({ length: count }, (_, n) => from * ratio ** n),
  step: ratio,
  ratio: true,
});
const byDifference = (step: number, count: number): Range => ({
  values: Array.from({ length: count }, (_, n) => step * n),
  step,
  ratio: false,
});

/** 20 MB/s to 20 GB/s; up to 10 ms; up to 0.2 ms for a request and 800 ms for a gigabyte. */
const coarse = (): readonly [Range, Range, Range, Range] => [
  byRatio(2e4, 1.7, 14),
  byRatio(0.01, 3.2, 7),
  byDifference(0.05, 5),
  byDifference(200, 5),
];
const ZOOMS = 7;

export function fitPipeline(runs: readonly TimedRun[], inFlight: number): PipelineCost {
  const missOf = (cost: PipelineCost): number =>
    runs.reduce((sum, { stepMs, segments, issue, ms, weight = 1 }) => {
      const predicted = new Simulator({ stepMs, segments, read: { ...cost, inFlight } }).run(issue);
      return sum + weight * Math.abs(Math.log(predicted / ms));
    }, 0);
  let ranges = coarse();
  let best = costAt([3e6, 0.1, 0, 0]);
  let bestMiss = missOf(best);
  for (let zoom = 0; zoom < ZOOMS; zoom++) {
    for (const point of pointsOf(ranges)) {
      const cost = costAt(point);
      const miss = missOf(cost);
      // Less is assumed where it explains as much.
      if (miss >= bestMiss * (1 - 1e-6)) continue;
      best = cost;
      bestMiss = miss;
    }
    const at = [best.bytesPerMs, best.latencyMs, best.handleMs, best.handleMsPerGigabyte];
    ranges = ranges.map((range, n) => around(at[n]!, range)) as unknown as typeof ranges;
  }
  return best;
}

const costAt = ([bytesPerMs, latencyMs, handleMs, handleMsPerGigabyte]: readonly [
  number,
  number,
  number,
  number,
]): PipelineCost => ({ latencyMs, bytesPerMs, handleMs, handleMsPerGigabyte });

function* pointsOf([a, b, c, d]: readonly [Range, Range, Range, Range]): Generator<
  readonly [number, number, number, number]
> {
  for (const x of a.values)
    for (const y of b.values) for (const z of c.values) for (const w of d.values) yield [x, y, z, w];
}

/** Two points to each side, half as far apart as before. */
function around(middle: number, { step, ratio }: Range): Range {
  const finer = ratio ? Math.sqrt(step) : step / 2;
  const offsets = [-2, -1, 0, 1, 2];
  const values = ratio
    ? offsets.map((n) => middle * finer ** n)
    : [...new Set(offsets.map((n) => Math.max(0, middle + n * finer)))];
  return { values, step: finer, ratio };
}
