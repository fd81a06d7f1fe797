/**
 * One plan against two pools. Two pools: an arena of activations and scratch, and beside it a ring for weights, deep
 * enough for two of the largest segments, or for reads that never delay the run. One plan: the least memory in which
 * activations and weights together run in the same time. Everything is streamed, nothing stays.
 */

import { planningOf } from '../../compiler/compile.ts';
import { createSolver, runSuite } from '../../compiler/memory/index.ts';
import type { PlanProblem } from '../../compiler/memory/problem.ts';
import { timelineOf } from '../../compiler/memory/timeline.ts';
import { referenceDevice } from '../../compiler/schedule/device/cost.ts';
import { VALUE_ALIGNMENT } from '../../runtime/format/format.ts';
import { FIVE } from './demand-layering.ts';
import { darknetNetworks, type Network, onnxNetworks, zooNetworks } from './networks.ts';
import { fastestMs, leastMemory } from './streaming.ts';
import { type Cell, compared, type Table } from './table.ts';

const MIB = 2 ** 20;

export interface Compared {
  readonly ringBytes: number;
  readonly separateBytes: number;
  readonly jointBytes: number;
  /** What both keep to, and how long a run takes by the compiler's plan for the memory of both pools. */
  readonly limitMs: number;
  readonly plannedMs: number;
}

/** Null where the network has no weights to stream. */
export function jointAgainstSeparate(problem: PlanProblem): { double: Compared; free: Compared } | null {
  if (problem.segments.length === 0) return null;
  const weights: PlanProblem = { ...problem, values: [] };
  const timeline = timelineOf(weights);
  const arena = runSuite(problem.values, { alignmentOf: () => VALUE_ALIGNMENT }).peakBytes;
  const solver = createSolver(problem);
  const against = (ring: { readonly peakBytes: number; readonly limitMs: number }): Compared => {
    const separateBytes = arena + ring.peakBytes;
    const joint = leastMemory(problem, ring.limitMs);
    return {
      ringBytes: ring.peakBytes,
      separateBytes,
      jointBytes: joint?.peakBytes ?? Number.POSITIVE_INFINITY,
      limitMs: ring.limitMs,
      plannedMs: solver.solve(separateBytes + problem.fixedBytes).predictedMs,
    };
  };
  const largest = Math.max(...problem.segments.map(({ byteLength }) => byteLength));
  const most = fastestMs(timeline, timeline.segmentBytes);
  // A segment that several layers use may leave no room for two others.
  const ofTwo = fastestMs(timeline, 2 * largest);
  const limits = [ofTwo < Number.POSITIVE_INFINITY ? ofTwo : most, most];
  const [double, free] = limits.map((limitMs) => {
    const ring = leastMemory(weights, limitMs);
    if (ring === null) throw new Error('a ring for all segments is fast enough');
    return against({ peakBytes: ring.peakBytes, limitMs });
  });
  return { double: double!, free: free! };
}

const mib = (bytes: number): Cell => compared((bytes / MIB).toFixed(2), (bytes / MIB).toFixed(2));

function cells({ ringBytes, separateBytes, jointBytes, limitMs, plannedMs }: Compared): Cell[] {
  const saved = 100 * (1 - jointBytes / separateBytes);
  return [
    mib(ringBytes),
    mib(separateBytes),
    mib(jointBytes),
    { published: '≥ 0', ours: saved.toFixed(1), agrees: jointBytes <= separateBytes },
    {
      published: '≤ 1',
      ours: (plannedMs / limitMs).toFixed(4),
      agrees: plannedMs <= limitMs * (1 + 1e-9),
    },
  ];
}

function networks(): Network[] {
  const five = new Set(FIVE.map(({ cfg }) => cfg));
  return [
    ...onnxNetworks('light'),
    ...darknetNetworks().filter(({ name }) => five.has(name)),
    ...zooNetworks(),
  ].map((network, n, all) => ({
    ...network,
    name: all.findIndex(({ name }) => name === network.name) < n ? `${network.name}, zoo` : network.name,
  }));
}

/** The last: time of the compiler's own plan in the memory of the two pools, over theirs. */
const COLUMNS = ['ring', 'separate', 'joint', 'saved, %', 'time'];

export async function joint(): Promise<Table> {
  const rows: Table['rows'][number][] = [];
  for (const { name, graph } of networks()) {
    const found = jointAgainstSeparate(planningOf(await graph(), { device: referenceDevice }).problem);
    if (found !== null) rows.push({ name, cells: [...cells(found.double), ...cells(found.free)] });
  }
  return {
    title: 'One plan against an arena and a ring, MiB, at the same predicted time',
    source: 'CPU 40 GFLOP/s, reads of 1.5 GB/s; first a ring of two segments, then one without delay',
    columns: [...COLUMNS, ...COLUMNS],
    rows,
  };
}
