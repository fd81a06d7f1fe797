/**
 * What reading costs on a device, from whole runs: latency, bandwidth, and what reads take from the threads that
 * compute, for which the pipeline's own simulator (memory/simulate.ts) misses the runs and their waits least. Runs and
 * not bursts of reads are fitted, because what is wanted is how long runs take: with readers that share cores and memory
 * with the kernels, into the memory that is computed with.
 *
 * The parameters are searched on a grid, then on finer ones around the best. Misses count in proportion and not squared,
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
  /** Of it, waiting for segments. */
  readonly stallMs: number;
  /** How much it counts; 1 by default. */
  readonly weight?: number;
}

export interface PipelineCost {
  readonly latencyMs: number;
  readonly bytesPerMs: number;
  /** From the computing threads: for each request, and for each gigabyte. */
  readonly handleMs: number;
  readonly handleMsPerGigabyte: number;
}

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
/** Predictions are of runs; their waits keep the parameters from standing in for each other. */
const WAIT_WEIGHT = 0.5;
/** A difference below this share says nothing: the least explanation stands. */
const BETTER = 1e-6;

export function fitPipeline(
  runs: readonly TimedRun[],
  inFlight: number,
  handledBy: 'readers' | 'compute',
): PipelineCost {
  const missOf = (cost: PipelineCost): number =>
    runs.reduce((sum, { stepMs, segments, issue, ms, stallMs, weight = 1 }) => {
      const simulator = new Simulator({ stepMs, segments, read: { ...cost, inFlight, handledBy } });
      const predicted = simulator.run(issue);
      const computed = stepMs.reduce((all, step) => all + step, 0);
      const waited = predicted - computed - simulator.handledMs(issue);
      const miss = Math.abs(Math.log(predicted / ms)) + (WAIT_WEIGHT * Math.abs(waited - stallMs)) / ms;
      return sum + weight * miss;
    }, 0);
  // 20 MB/s to 20 GB/s; 10 µs to 10 ms; from nothing to 0.2 ms for a request and 800 ms for a gigabyte.
  let axes = [byRatio(2e4, 1.7, 14), byRatio(0.01, 3.2, 7), byDifference(0.05, 5), byDifference(200, 5)];
  let best = axes.map(({ values }) => values[0]!);
  let bestMiss = Number.POSITIVE_INFINITY;
  for (let zoom = 0; zoom < ZOOMS; zoom++) {
    for (const point of pointsOf(axes)) {
      const miss = missOf(costAt(point));
      if (miss >= bestMiss * (1 - BETTER)) continue;
      best = point;
      bestMiss = miss;
    }
    axes = axes.map((axis, n) => around(best[n]!, axis));
  }
  return costAt(best);
}

function costAt(point: readonly number[]): PipelineCost {
  const [bytesPerMs, latencyMs, handleMs, handleMsPerGigabyte] = point as [number, number, number, number];
  return { latencyMs, bytesPerMs, handleMs, handleMsPerGigabyte };
}

const pointsOf = (axes: readonly Axis[]): number[][] =>
  axes.reduce<number[][]>(
    (points, { values }) => points.flatMap((point) => values.map((value) => [...point, value])),
    [[]],
  );

/** Two points to each side, half as far apart as before. */
function around(middle: number, { step, ratio }: Axis): Axis {
  const finer = ratio ? Math.sqrt(step) : step / 2;
  const at = (n: number): number => (ratio ? middle * finer ** n : Math.max(0, middle + n * finer));
  return { values: [...new Set([-2, -1, 0, 1, 2].map(at))], step: finer, ratio };
}
