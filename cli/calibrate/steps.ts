/**
 * Times the steps of a bundle on the real engine, from its trace.
 */
import type { DType } from '../../compiler/ir/types.ts';
import { worksOfTable } from '../../compiler/schedule/cost.ts';
import type { Timing } from '../../compiler/schedule/fit.ts';
import { median } from '../../compiler/schedule/fit.ts';
import type { ReadBurst } from '../../compiler/schedule/fit-reads.ts';
import type { WorkTable } from '../../runtime/bundle/format.ts';
import { MillraceError } from '../../runtime/error.ts';
import { type LoadedModel, type LoadOptions, load, type TraceEvent } from '../../runtime/node.ts';
import { randomTensor } from '../inputs.ts';
import { manifestOf } from '../load.ts';

const WARMUP = 2;
const RUNS = 9;

export interface Timed {
  readonly timings: readonly Timing[];
  readonly engine: string;
  readonly isa: string;
  readonly threads: number;
}

/** The median time of each step; what waited for weights is left out. */
export async function timeSteps(folder: string, options: LoadOptions): Promise<Timed> {
  const { work, plans } = await manifestOf(folder);
  if (work === undefined)
    throw new MillraceError('BUNDLE_INVALID', 'the bundle does not say what its steps compute', {
      at: `${folder}: manifest.bin: work`,
      hint: 'It was written by an earlier version: compile the model again.',
    });
  const resident = plans.at(-1)!.residentBytes > 0 && plans.at(-1)!.depth === 0;
  const model = await load(folder, { ...options, ...(resident ? { mode: 'resident' } : {}), trace: true });
  try {
    const inputs = randomInputs(model);
    const runs: Float64Array[] = [];
    for (let run = 0; run < WARMUP + RUNS; run++) {
      const before = model.trace().at(-1)?.endMs ?? Number.NEGATIVE_INFINITY;
      await model.run(inputs);
      const events = model.trace().filter(({ startMs }) => startMs >= before);
      if (run >= WARMUP) runs.push(stepTimes(work, events));
    }
    const { engine, isa, threads } = model;
    const timings = worksOfTable(work).map((one, t) => ({ work: one, ms: median(runs.map((ms) => ms[t]!)) }));
    return { timings, engine, isa, threads };
  } finally {
    await model.close();
  }
}

/** What each read costs a thread that computes and reads: the time of a run that is neither step nor wait. */
export async function timeHandling(folder: string, options: LoadOptions): Promise<number> {
  const model = await load(folder, {
    ...options,
    mode: 'stream',
    plan: 'smallest',
    source: 'file',
    verify: 'never',
    trace: true,
  });
  try {
    const inputs = randomInputs(model);
    const handled: number[] = [];
    for (let run = 0; run < WARMUP + RUNS; run++) {
      const before = model.trace().at(-1)?.endMs ?? Number.NEGATIVE_INFINITY;
      await model.run(inputs);
      const events = model.trace().filter(({ startMs }) => startMs >= before);
      const reads = events.filter(({ what }) => what === 'read').length;
      const { latencyMs, stallMs } = model.stats;
      const computed = withoutWaits(events).reduce((sum, { ms }) => sum + ms, 0);
      if (run >= WARMUP && reads > 0) handled.push(Math.max(0, latencyMs - computed - stallMs) / reads);
    }
    return handled.length > 0 ? median(handled) : 0;
  } finally {
    await model.close();
  }
}

/** Reads where the mapped file is used in place: what it costs to have a segment's pages there, one at a time. */
export async function timeMapped(folder: string, options: LoadOptions): Promise<ReadBurst[]> {
  const { segments } = await manifestOf(folder);
  const model = await load(folder, {
    ...options,
    mode: 'mmap',
    plan: 'smallest',
    verify: 'never',
    inFlight: 1,
    trace: true,
  });
  try {
    const inputs = randomInputs(model);
    for (let run = 0; run < RUNS; run++) await model.run(inputs);
    const bySize = new Map<number, number[]>();
    for (const { what, id, startMs, endMs } of model.trace()) {
      if (what !== 'read') continue;
      const { byteLength } = segments[id]!;
      const known = bySize.get(byteLength);
      if (known === undefined) bySize.set(byteLength, [endMs - startMs]);
      else known.push(endMs - startMs);
    }
    return [...bySize].map(([bytes, ms]) => ({ bytes, inFlight: 1, msPerRequest: median(ms) }));
  } finally {
    await model.close();
  }
}

export const randomInputs = (model: LoadedModel) =>
  Object.fromEntries(
    model.inputs.map(({ name, dtype, shape }) => [
      name,
      randomTensor({ dtype: dtype as DType, shape }, 0).data,
    ]),
  );

function stepTimes(work: WorkTable, events: readonly TraceEvent[]): Float64Array {
  const ms = new Float64Array(work.kernel.length);
  for (const { id, ms: spent } of withoutWaits(events)) ms[id] = spent;
  return ms;
}

/** What each step took, the time it waited for weights left out. */
function withoutWaits(events: readonly TraceEvent[]): { readonly id: number; readonly ms: number }[] {
  const waits = events.filter(({ what }) => what === 'wait');
  return events
    .filter(({ what }) => what === 'step')
    .map(({ id, startMs, endMs }) => {
      const waited = waits.reduce(
        (sum, wait) => sum + Math.max(0, Math.min(endMs, wait.endMs) - Math.max(startMs, wait.startMs)),
        0,
      );
      return { id, ms: endMs - startMs - waited };
    });
}
