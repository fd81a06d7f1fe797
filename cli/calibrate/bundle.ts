/**
 * Times a bundle on the real engine: its steps, from the trace of runs that read nothing, and whole runs of each plan
 * that streams. Each in turn, round after round: a machine that others slow down is slow for all of them.
 */
import type { DType } from '../../compiler/ir/types.ts';
import { worksOfTable } from '../../compiler/schedule/device/cost.ts';
import type { Timing } from '../../compiler/schedule/device/fit.ts';
import type { TimedRun } from '../../compiler/schedule/device/fit-pipeline.ts';
import { median } from '../../compiler/schedule/device/median.ts';
import { MillraceError } from '../../runtime/error.ts';
import { type Manifest, RESIDENT, type WorkTable } from '../../runtime/format/format.ts';
import { mappedPlans } from '../../runtime/format/mapped.ts';
import {
  type EngineKind,
  type LoadedModel,
  type LoadOptions,
  load,
  type TraceEvent,
} from '../../runtime/node.ts';
import { randomTensor } from '../inputs.ts';
import { manifestOf } from '../load.ts';

const ROUNDS = 7;
const LEAST_ROUNDS = 2;
/** The first after another model's run finds the caches cold. */
const WARMUP = 1;
const RUNS = 3;
/** Of one bundle, all plans together; slow networks are timed less often. */
const LONGEST_MS = 15_000;

export interface Timed {
  readonly timings: readonly Timing[];
  readonly runs: readonly TimedRun[];
  readonly engine: EngineKind;
  readonly isa: string;
  readonly threads: number;
  /** Of the plans that stream. */
  readonly source: string;
}

/** The fastest of some runs, in milliseconds. */
interface Ran {
  readonly ms: number;
  readonly stallMs: number;
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
  const { work, plans } = manifest;
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
    const reading: { readonly model: LoadedModel; readonly issue: readonly number[] }[] = [];
    const wanted = streamed(manifest);
    const issues = wanted.map(({ issue }) => issue);
    const held = mode === 'mmap' ? mappedPlans(manifest, wanted, issues) : wanted;
    for (const [n, { name, issue }] of wanted.entries()) {
      // Plans for budgets share a name: the largest that fits is the one.
      const budget = held[n]!.peakBytes;
      reading.push({ model: await open({ mode, plan: name, budget, ...(source && { source }) }), issue });
    }
    const inputs = randomInputs(whole);
    const steps: Float64Array[] = [];
    const rounds: { readonly wholeMs: number; readonly plans: readonly Ran[] }[] = [];
    const until = performance.now() + LONGEST_MS;
    for (let round = 0; round < ROUNDS; round++) {
      if (round >= LEAST_ROUNDS && performance.now() > until) break;
      const { ms, stallMs } = await runs(whole, inputs, (before) => {
        steps.push(
          stepTimes(
            work,
            whole.trace().filter(({ startMs }) => startMs >= before),
          ),
        );
      });
      const plans: Ran[] = [];
      for (const { model } of reading) plans.push(await runs(model, inputs));
      rounds.push({ wholeMs: ms - stallMs, plans });
    }
    const alone = Array.from(steps[0]!, (_, t) => median(steps.map((ms) => ms[t]!)));
    const totalMs = median(rounds.map(({ wholeMs }) => wholeMs));
    const scale = reading.length > 0 ? totalMs / alone.reduce((sum, ms) => sum + ms, 0) : 1;
    const stepMs = alone.map((ms) => ms * scale);
    // As shares of their round: what slows a machine for seconds slows both, and cancels.
    const shareOf = (n: number, of: keyof Ran): number =>
      totalMs * median(rounds.map(({ wholeMs, plans }) => plans[n]![of] / wholeMs));
    const { engine, isa, threads } = whole;
    return {
      timings: worksOfTable(work).map((one, t) => ({ work: one, ms: stepMs[t]! })),
      runs: reading.map(({ issue }, n) => ({
        stepMs,
        segments: manifest.segments,
        issue,
        ms: shareOf(n, 'ms'),
        stallMs: shareOf(n, 'stallMs'),
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

/** `traced` is told since when events are of the run that has just ended. */
async function runs(
  model: LoadedModel,
  inputs: ReturnType<typeof randomInputs>,
  traced: (sinceMs: number) => void = () => {},
): Promise<Ran> {
  let fastest: Ran = { ms: Number.POSITIVE_INFINITY, stallMs: 0 };
  for (let run = -WARMUP; run < RUNS; run++) {
    const since = model.trace().at(-1)?.endMs ?? Number.NEGATIVE_INFINITY;
    await model.run(inputs);
    if (run < 0) continue;
    const { latencyMs, stallMs } = model.stats;
    if (latencyMs < fastest.ms) fastest = { ms: latencyMs, stallMs };
    traced(since);
  }
  return fastest;
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
