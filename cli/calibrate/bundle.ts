/**
 * Times a bundle on the real engine: its steps, from the trace of runs that read nothing, and whole runs of each plan
 * that streams. Each in turn, round after round: a machine that others slow down is slow for all of them.
 */
import type { DType } from '../../compiler/ir/types.ts';
import { worksOfTable } from '../../compiler/schedule/cost.ts';
import { median, type Timing } from '../../compiler/schedule/fit.ts';
import type { TimedRun } from '../../compiler/schedule/fit-pipeline.ts';
import { type Manifest, RESIDENT, type WorkTable } from '../../runtime/bundle/format.ts';
import { MillraceError } from '../../runtime/error.ts';
import { type LoadedModel, type LoadOptions, load, type TraceEvent } from '../../runtime/node.ts';
import { randomTensor } from '../inputs.ts';
import { manifestOf } from '../load.ts';

const ROUNDS = 5;
const LEAST_ROUNDS = 2;
/** The first after another model's run finds the caches cold. */
const WARMUP = 1;
const RUNS = 2;
/** Of one bundle, all plans together; slow networks are timed less often. */
const LONGEST_MS = 15_000;

export interface Timed {
  readonly timings: readonly Timing[];
  readonly runs: readonly TimedRun[];
  readonly engine: string;
  readonly isa: string;
  readonly threads: number;
  /** Of the plans that stream. */
  readonly source: string;
}

interface Reading {
  readonly model: LoadedModel;
  readonly issue: readonly number[];
  readonly ms: number[];
  readonly stallMs: number[];
}

/** The steps alone. */
export const timeSteps = (folder: string, options: LoadOptions): Promise<Timed> =>
  timeModels(folder, options, () => []);

/** The steps and the plans. Steps take together what a whole run takes, what is around them included. */
export const timeRuns = (folder: string, options: LoadOptions): Promise<Timed> =>
  timeModels(folder, options, ({ plans }) =>
    plans.filter(({ issue }) => issue.some((at) => at !== RESIDENT)),
  );

async function timeModels(
  folder: string,
  options: LoadOptions,
  streamed: (manifest: Manifest) => Manifest['plans'],
): Promise<Timed> {
  const manifest = await manifestOf(folder);
  const { work, plans, fixedBytes } = manifest;
  if (work === undefined)
    throw new MillraceError('BUNDLE_INVALID', 'the bundle does not say what its steps compute', {
      at: `${folder}: manifest.bin: work`,
      hint: 'It was written by an earlier version: compile the model again.',
    });
  const { source, ...rest } = options;
  const resident = plans.at(-1)!.issue.every((at) => at === RESIDENT);
  const opened: LoadedModel[] = [];
  const open = async (more: LoadOptions): Promise<LoadedModel> => {
    const model = await load(folder, { ...rest, ...more });
    opened.push(model);
    return model;
  };
  try {
    const whole = await open({ ...(resident ? { mode: 'resident' } : {}), trace: true });
    const mode = source === 'mmap' ? 'mmap' : 'stream';
    const reading: Reading[] = [];
    for (const { name, issue, peakBytes } of streamed(manifest)) {
      // Plans for budgets share a name: the largest that fits is the one.
      const model = await open({
        mode,
        plan: name,
        budget: peakBytes + fixedBytes,
        ...(source && { source }),
      });
      reading.push({ model, issue, ms: [], stallMs: [] });
    }
    const inputs = randomInputs(whole);
    const steps: Float64Array[] = [];
    const totals: number[] = [];
    const until = performance.now() + LONGEST_MS;
    for (let round = 0; round < ROUNDS; round++) {
      if (round >= LEAST_ROUNDS && performance.now() > until) break;
      for (let run = -WARMUP; run < RUNS; run++) {
        const before = whole.trace().at(-1)?.endMs ?? Number.NEGATIVE_INFINITY;
        await whole.run(inputs);
        const { latencyMs, stallMs } = whole.stats;
        if (run < 0) continue;
        const events = whole.trace().filter(({ startMs }) => startMs >= before);
        steps.push(stepTimes(work, events));
        totals.push(latencyMs - stallMs);
      }
      for (const { model, ms, stallMs } of reading)
        for (let run = -WARMUP; run < RUNS; run++) {
          await model.run(inputs);
          if (run < 0) continue;
          ms.push(model.stats.latencyMs);
          stallMs.push(model.stats.stallMs);
        }
    }
    const alone = Array.from(steps[0]!, (_, t) => median(steps.map((ms) => ms[t]!)));
    const scale = reading.length > 0 ? median(totals) / alone.reduce((sum, ms) => sum + ms, 0) : 1;
    const stepMs = alone.map((ms) => ms * scale);
    const { engine, isa, threads } = whole;
    return {
      timings: worksOfTable(work).map((one, t) => ({ work: one, ms: stepMs[t]! })),
      runs: reading.map(({ issue, ms, stallMs }) => ({
        stepMs,
        segments: manifest.segments,
        issue,
        ms: median(ms),
        stallMs: median(stallMs),
      })),
      engine,
      isa,
      threads,
      source: reading[0]?.model.source ?? '',
    };
  } finally {
    for (const model of opened) await model.close();
  }
}

const randomInputs = (model: LoadedModel) =>
  Object.fromEntries(
    model.inputs.map(({ name, dtype, shape }) => [
      name,
      randomTensor({ dtype: dtype as DType, shape }, 0).data,
    ]),
  );

/** What each step took, the time it waited for weights left out. */
function stepTimes(work: WorkTable, events: readonly TraceEvent[]): Float64Array {
  const steps = events.filter(({ what }) => what === 'step');
  const ms = new Float64Array(work.kernel.length);
  const waits = events.filter(({ what }) => what === 'wait');
  for (const { id, startMs, endMs } of steps) {
    const waited = waits.reduce(
      (sum, wait) => sum + Math.max(0, Math.min(endMs, wait.endMs) - Math.max(startMs, wait.startMs)),
      0,
    );
    ms[id] = endMs - startMs - waited;
  }
  return ms;
}
