/**
 * Latency and bandwidth of a source, from timed bursts of reads: the two for which the pipeline's own model of reads
 * (memory/simulate.ts) misses the bursts least. Bursts at the depth that the runtime reads with count most, so the
 * bandwidth is the one it will see.
 */

export interface ReadBurst {
  readonly bytes: number;
  readonly inFlight: number;
  /** Of a long burst. */
  readonly msPerRequest: number;
}

export interface ReadCost {
  readonly latencyMs: number;
  readonly bytesPerMs: number;
}

/** Time from one arrival to the next in a long burst: the disk is busy, or every request waits for its turn. */
export const burstMs = ({ latencyMs, bytesPerMs }: ReadCost, bytes: number, inFlight: number): number => {
  const transfer = bytes / bytesPerMs;
  return Math.max(transfer, (latencyMs + transfer) / inFlight);
};

const OTHER_DEPTH = 0.25;
const ZOOMS = 5;
const GRID = 24;

export function fitReads(bursts: readonly ReadBurst[], inFlight: number): ReadCost {
  const missOf = (cost: ReadCost): number =>
    bursts.reduce((sum, burst) => {
      const miss = Math.log(burstMs(cost, burst.bytes, burst.inFlight) / burst.msPerRequest);
      return sum + Math.abs(miss) * (burst.inFlight === inFlight ? 1 : OTHER_DEPTH);
    }, 0);
  // Both span orders of magnitude, so the search is over their logarithms, finer and finer around the best.
  let latency = { low: Math.log(1e-3), high: Math.log(1e3) };
  let speed = { low: Math.log(1), high: Math.log(1e9) };
  let best: ReadCost = { latencyMs: 0, bytesPerMs: 1 };
  let bestMiss = Number.POSITIVE_INFINITY;
  for (let zoom = 0; zoom < ZOOMS; zoom++) {
    for (let a = 0; a <= GRID; a++) {
      for (let b = 0; b <= GRID; b++) {
        const cost = {
          latencyMs: Math.exp(latency.low + ((latency.high - latency.low) * a) / GRID),
          bytesPerMs: Math.exp(speed.low + ((speed.high - speed.low) * b) / GRID),
        };
        const miss = missOf(cost);
        if (miss < bestMiss) {
          best = cost;
          bestMiss = miss;
        }
      }
    }
    latency = around(Math.log(best.latencyMs), latency);
    speed = around(Math.log(best.bytesPerMs), speed);
  }
  return best;
}

/** Two cells of the grid to each side. */
const around = (middle: number, { low, high }: { low: number; high: number }) => {
  const reach = (2 * (high - low)) / GRID;
  return { low: middle - reach, high: middle + reach };
};
