/**
 * Demand Layering's five networks with segments in the place of layers: the weight memory that keeps the time which
 * layers take in a ring of the largest of them. On a device of the paper's proportions and on one CPU thread.
 */
import { importDarknet } from '../../compiler/darknet/import.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { optimize } from '../../compiler/passes/index.ts';
import { partition, targetOf } from '../../compiler/schedule/cut/partition.ts';
import {
  type Device,
  referenceDevice,
  workMilliseconds,
  worksOf,
} from '../../compiler/schedule/device/cost.ts';
import { lowerGraph } from '../../compiler/schedule/lower/lower.ts';
import { planProblem } from '../../compiler/schedule/problem.ts';
import type { Schedule } from '../../compiler/schedule/schedule.ts';
import { arrange } from '../../compiler/schedule/share/arrange.ts';
import { cfgPath, FIVE, MIB } from './demand-layering.ts';
import { leastMemory, ringMs, type Streamed, type StreamedLayer } from './streaming.ts';
import { type Cell, compared, type Table } from './table.ts';

/** Arithmetic 300 GFLOP/s, memory 137 GB/s: a Jetson AGX Xavier as the paper's delays suggest. */
const gpu: Device = { ...referenceDevice, flopsPerMs: 300e6, bytesPerMs: 137e6 };
const devices: readonly (readonly [string, Device])[] = [
  ['GPU', gpu],
  ['CPU', referenceDevice],
];

/** Layers whole, each with the weights it is the first to read. */
function layersOf(schedule: Schedule, device: Device): StreamedLayer[] {
  const works = worksOf(schedule);
  const seen = new Set<number>();
  return schedule.layers.map(({ firstStep, steps }) => {
    let bytes = 0;
    let computeMs = 0;
    for (let t = firstStep; t < firstStep + steps; t++) {
      computeMs += workMilliseconds(works[t]!, device);
      for (const id of schedule.steps[t]!.reads) {
        const slot = schedule.slots[id]!;
        if (slot.kind !== 'weight' || seen.has(id)) continue;
        seen.add(id);
        bytes += slot.byteLength;
      }
    }
    return { bytes, computeMs };
  });
}

export interface SegmentRow {
  readonly ringBytes: number;
  readonly computeMs: number;
  readonly ringMs: number;
  readonly segmentMs: number;
  /** As compiled, and with segments of half that size. */
  readonly segmentBytes: number;
  readonly halfBytes: number;
}

/** Of the largest layer, where the delay is no longer. */
const WANTED = 1 / 3;

function share(bytes: number, largest: string): Cell {
  const ratio = bytes / (Number(largest) * MIB);
  return { published: '≤ 0.3333', ours: ratio.toFixed(4), agrees: ratio <= WANTED };
}

export function segmentRow(graph: Graph, device: Device): SegmentRow {
  // Uncut, so that layers pay for no dispatch that only pieces need.
  const lowering = arrange(lowerGraph(optimize(graph)));
  const whole = partition(lowering, Number.MAX_SAFE_INTEGER);
  const layers = layersOf(whole, device);
  const ringBytes = Math.max(...layers.map(({ bytes }) => bytes));
  const limit = ringMs(layers, ringBytes, device.readBytesPerMs);
  const leastWith = (target: number): Streamed => {
    const problem = planProblem(partition(lowering, target), device, 0);
    const least = leastMemory({ ...problem, values: [] }, limit);
    if (least === null) throw new Error(`${graph.name}: segments never are as fast as layers`);
    return least;
  };
  const target = targetOf(lowering);
  const least = leastWith(target);
  return {
    ringBytes,
    computeMs: layers.reduce((sum, { computeMs }) => sum + computeMs, 0),
    ringMs: limit,
    segmentMs: least.totalMs,
    segmentBytes: least.peakBytes,
    halfBytes: leastWith(target / 2).peakBytes,
  };
}

const plain = (text: string): Cell => compared(text, text);

export async function segments(): Promise<Table | null> {
  const rows: Table['rows'][number][] = [];
  let delays = 0;
  for (const { cfg, largest } of FIVE) {
    const path = cfgPath(cfg);
    if (path === null) return null;
    const graph = await importDarknet(path, { seed: 1 });
    for (const [name, device] of devices) {
      const row = segmentRow(graph, device);
      const delay = 100 * (row.ringMs / row.computeMs - 1);
      if (device === gpu) delays += delay / FIVE.length;
      rows.push({
        name: `${cfg}, ${name}`,
        cells: [
          compared(largest, (row.ringBytes / MIB).toFixed(3)),
          plain(row.computeMs.toFixed(1)),
          plain(`+${delay.toFixed(1)}`),
          plain(`+${(100 * (row.segmentMs / row.computeMs - 1)).toFixed(1)}`),
          plain((row.segmentBytes / MIB).toFixed(3)),
          share(row.segmentBytes, largest),
          share(row.halfBytes, largest),
        ],
      });
    }
  }
  // The authors measured theirs; a model's can only be near it.
  rows.push({
    name: 'mean, GPU',
    cells: [null, null, compared('+14.8', `+${delays.toFixed(1)}`), null, null, null, null],
  });
  return {
    title:
      'Demand Layering, segments in the place of layers: weight memory at no more than the delay of a ring of s_max',
    source: 'recurrences of arXiv 2210.04024; reads of 1.5 GB/s; GPU 300, CPU 40 GFLOP/s',
    columns: ['s_max, MiB', 'compute, ms', 'layers, %', 'segments, %', 'segments, MiB', 'of s_max', 'halved'],
    rows,
  };
}
