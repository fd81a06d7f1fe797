/** One row of `millrace bench`, as a process: loads, runs, prints the row as JSON. Not a command. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { DType } from '../compiler/ir/types.ts';
import { type ErrorCode, MillraceError } from '../runtime/error.ts';
import { type LoadOptions, load, type Tensors } from '../runtime/node.ts';
import { randomTensor } from './inputs.ts';
import { residency, rssNow } from './memory.ts';
import { type PlanReport, planReport } from './plan-report.ts';
import { type Stall, stallsOf } from './trace.ts';

export interface Row {
  readonly mode: string;
  readonly engine: string;
  readonly isa: string;
  readonly threads: number;
  readonly source: string;
  readonly cold: boolean;
  readonly plan: PlanReport;
  readonly loadMs: number;
  /** From before `load` to the first output. */
  readonly firstMs: number;
  readonly latencyMs: { min: number; p50: number; p90: number; p99: number; max: number };
  /** Mean time of a run in which a step waited for its weights. */
  readonly stallMs: number;
  /** Where it waited, in runs of their own that were traced. */
  readonly stalls: readonly Stall[];
  readonly bytesRead: number;
  readonly rss: { baselineBytes: number; peakBytes: number; anonBytes: number; fileBytes: number };
  readonly outputs: readonly { name: string; sha256: string }[];
}

/** What the process prints: the row, or why there is none. */
export type Outcome = Row | { readonly failed: { readonly code: ErrorCode; readonly message: string } };

interface Task {
  readonly bundle: string;
  readonly options: LoadOptions;
  readonly runs: number;
  readonly warmup: number;
  readonly cold: boolean;
}

/** Few enough to fit the ring of a large network's trace. */
const TRACED_RUNS = 3;

/** `dd` with the nocache flag asks the kernel to forget a file's pages (posix_fadvise), as any user may. */
function dropCache(bundle: string): void {
  const file = join(bundle, 'weights.bin');
  execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
}

async function row({ bundle, options, runs, warmup, cold }: Task): Promise<Row> {
  const baselineBytes = rssNow();
  if (cold) dropCache(bundle);
  const started = performance.now();
  const model = await load(bundle, options);
  const loadMs = performance.now() - started;
  const inputs = Object.fromEntries(
    model.inputs.map((port) => [
      port.name,
      randomTensor({ dtype: port.dtype as DType, shape: port.shape }, 0).data,
    ]),
  );
  let outputs = await model.run(inputs);
  const firstMs = performance.now() - started;
  for (let i = 1; i < warmup; i++) await model.run(inputs);
  const latencies: number[] = [];
  let stallMs = 0;
  for (let i = 0; i < runs; i++) {
    if (cold) dropCache(bundle);
    outputs = await model.run(inputs);
    latencies.push(model.stats.latencyMs);
    stallMs += model.stats.stallMs / runs;
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.min(runs - 1, Math.ceil(share * runs) - 1)]!;
  const rss = { baselineBytes, ...residency() };
  const { mode, engine, isa, threads, source } = model;
  const plan = planReport(model.plan);
  const { bytesRead } = model.stats;
  await model.close();
  const stalls = await waits(bundle, options, inputs);
  return {
    mode,
    engine,
    isa,
    threads,
    source,
    cold,
    plan,
    loadMs,
    firstMs,
    latencyMs: { min: latencies[0]!, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: latencies[runs - 1]! },
    stallMs,
    stalls,
    bytesRead,
    rss,
    outputs: Object.entries(outputs).map(([name, data]) => ({
      name,
      sha256: createHash('sha256')
        .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
        .digest('hex'),
    })),
  };
}

/** A model of its own, so that the ring is in no other measurement; its first run may read what then stays. */
async function waits(bundle: string, options: LoadOptions, inputs: Tensors): Promise<Stall[]> {
  const model = await load(bundle, { ...options, trace: true });
  try {
    await model.run(inputs);
    const before = model.trace().length;
    for (let i = 0; i < TRACED_RUNS; i++) await model.run(inputs);
    return stallsOf(model.trace().slice(before), TRACED_RUNS);
  } finally {
    await model.close();
  }
}

try {
  process.stdout.write(JSON.stringify(await row(JSON.parse(process.argv[2] ?? '') as Task)));
} catch (error) {
  if (!(error instanceof MillraceError)) throw error;
  process.stdout.write(JSON.stringify({ failed: { code: error.code, message: error.message } }));
}
