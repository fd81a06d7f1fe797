/**
 * The pipeline: graph → passes → schedule → segments → plans → bundle. The only file, with the commands, that knows
 * all stages; each takes the value the stage before it made. Weights are packed last, while the bundle is written, one
 * segment at a time.
 */
import { fixedBytesOf } from '../runtime/engine/layout.ts';
import type { ModelSummary, Plan } from '../runtime/format/format.ts';
import { checksumOf } from '../runtime/format/header.ts';
import { bundleFiles } from './bundle/files.ts';
import { encodeManifest, manifestOf } from './bundle/manifest.ts';
import { writeBundle } from './bundle/write.ts';
import { programWords } from './codegen/words.ts';
import type { Graph, PortDocs } from './ir/graph.ts';
import { byteLength } from './ir/types.ts';
import { createSolver, type Solver } from './memory/joint.ts';
import type { PlannedMemory, PlanProblem } from './memory/problem.ts';
import { verifyPlan } from './memory/verify.ts';
import type { Model } from './model/define.ts';
import { type CompileOptions, checkOptions } from './options.ts';
import { Packer } from './pack/pack.ts';
import { optimize, optimizing } from './passes/index.ts';
import type { Pass } from './passes/pass.ts';
import { atOnce, type Pieces } from './pieces.ts';
import { either, refuseAborted, type WatchOptions, watched } from './progress.ts';
import { partition } from './schedule/cut/partition.ts';
import { referenceDevice } from './schedule/device/cost.ts';
import { type LowerOptions, lowerGraph } from './schedule/lower/lower.ts';
import { manifestPlan, planProblem } from './schedule/problem.ts';
import type { Schedule } from './schedule/schedule.ts';
import { arranging } from './schedule/share/arrange.ts';
import { verifySharing } from './schedule/share/verify.ts';

const COMPILER = 'millrace 0.1.0';

/** What a compilation came to. Sizes are bytes. */
export interface CompileReport {
  readonly model: ModelSummary;
  /** Extents that the model left open and nobody gave, as they were taken: `N = 1`. Absent where there are none. */
  readonly assumed?: readonly string[];
  readonly layers: number;
  readonly segments: number;
  readonly largestLayerBytes: number;
  readonly largestSegmentBytes: number;
  /** Bytes held beside each plan's arena. */
  readonly fixedBytes: number;
  readonly plans: readonly Plan[];
}

/** A compiled network whose weights are still where they came from; `write` packs them. */
export interface Bundle {
  readonly report: CompileReport;
  /** @internal What will be packed. */
  readonly schedule: Schedule;
  /**
   * Packs the weights and writes the folder, with any folders above it that are missing. A bundle that stood there is
   * replaced once the new one is complete; whatever goes wrong leaves nothing behind. The signal given to `compile`
   * stops it too, and its `onProgress` is told where none is given here.
   *
   * Throws MillraceError: ABORTED; OUTPUT where the folder can't be written or holds something else than a bundle;
   * MODEL_READ where a file that weights come from has gone or changed.
   */
  write(directory: string, options?: WatchOptions): Promise<void>;
}

/**
 * Compiles a network that was imported or defined, as far as its plans; the weights stay where they are until the
 * bundle is written. Budgets are bytes that the loaded model holds in all.
 *
 * Throws MillraceError: BUDGET, which names the smallest budget that works; OPTION for an option that is unknown or
 * can't be; MODEL_UNSUPPORTED or MODEL_INVALID for what is wrong with the network; ABORTED once the signal says so.
 *
 * @example
 * const bundle = await compile(await importOnnx('mobilenet.onnx'), {
 *   budget: ['4MiB', '8MiB'],
 *   onProgress: ({ stage, fraction }) => console.error(stage, Math.round(100 * fraction)),
 * });
 * console.log(bundle.report.plans.map((plan) => plan.peakBytes));
 * await bundle.write('dist/mobilenet');
 */
export async function compile(model: Graph | Model, options: CompileOptions = {}): Promise<Bundle> {
  return compileWith(createSolver, model, options);
}

/** Compiles with a planner of the caller's. Nothing of it is believed: every plan must pass the verifier. */
export async function compileWith(
  solverFor: (problem: PlanProblem) => Solver,
  model: Graph | Model,
  options: CompileOptions = {},
): Promise<Bundle> {
  const { budgets, device, variants } = checkOptions(options);
  const graph = 'graph' in model ? model.graph : model;
  const { schedule, words, problem } = await planningWatched(graph, { device, variants }, options);
  const { fixedBytes } = problem;
  const planned = await watched('plan', planning(problem, budgets, solverFor(problem)), options);
  for (const { name } of planned) options.onVerified?.(`plan ${name}`);
  const plans = planned
    .map((plan) => manifestPlan(schedule, plan, fixedBytes))
    .sort((a, b) => a.peakBytes - b.peakBytes);
  const report = { ...reportOf(graph, schedule), fixedBytes, plans };
  return {
    report,
    schedule,
    write: (directory, { signal, onProgress = options.onProgress } = {}) =>
      writeFolder(
        directory,
        { report, schedule, fixedBytes, words, docs: graph.docs },
        {
          signal: either(options.signal, signal),
          onProgress,
        },
      ),
  };
}

/** A plan for each budget, or the standard ones where there is none; each has passed the verifier. */
function* planning(
  problem: PlanProblem,
  budgets: readonly number[],
  solver: Solver,
): Pieces<readonly PlannedMemory[]> {
  if (budgets.length === 0) {
    yield* solver.preparing();
    const stored = solver.storedPlans();
    for (const plan of stored) verifyPlan(problem, plan);
    return stored;
  }
  const plans: PlannedMemory[] = [];
  for (const [i, budget] of budgets.entries()) {
    const plan = solver.solve(budget);
    verifyPlan(problem, plan, budget);
    plans.push(plan);
    yield (i + 1) / budgets.length;
  }
  return plans;
}

/** A network as far as its plans need it: cut and arranged, with what is asked of the planner. */
export interface Planning {
  readonly schedule: Schedule;
  readonly words: number;
  readonly problem: PlanProblem;
}

export const planningOf = (graph: Graph, options: LowerOptions = {}): Planning =>
  problemOf(atOnce(scheduling(optimize(graph), options)), options);

async function planningWatched(
  graph: Graph,
  options: LowerOptions,
  { onPass, verify, onVerified, ...watching }: CompileOptions,
): Promise<Planning> {
  const after = (pass: Pass, result: Graph): void => onPass?.(pass.name, result);
  const optimized = await watched('passes', optimizing(graph, { after, verify, onVerified }), watching);
  const schedule = await watched('schedule', scheduling(optimized, options), watching);
  onVerified?.('sharing of memory');
  if (verify === true) {
    verifySharing(schedule);
    onVerified?.('sharing of memory, cut into segments');
  }
  return problemOf(schedule, options);
}

function* scheduling(graph: Graph, options: LowerOptions): Pieces<Schedule> {
  const lowered = lowerGraph(graph, options);
  yield 0.1;
  return partition(yield* arranging(lowered));
}

function problemOf(schedule: Schedule, { device = referenceDevice }: LowerOptions): Planning {
  const words = programWords(schedule);
  const { slots, segments } = schedule;
  const fixedBytes = fixedBytesOf({
    values: slots.length,
    segments: segments.length,
    programWords: words,
  });
  return { schedule, words, problem: planProblem(schedule, device, fixedBytes) };
}

interface Compiled {
  readonly report: CompileReport;
  readonly schedule: Schedule;
  readonly fixedBytes: number;
  readonly words: number;
  readonly docs: PortDocs | undefined;
}

async function writeFolder(
  directory: string,
  { report, schedule, fixedBytes, words, docs }: Compiled,
  { signal, onProgress }: WatchOptions,
): Promise<void> {
  refuseAborted(signal);
  const { files, sums, entry } = await bundleFiles(schedule, COMPILER, docs);
  const packer = new Packer(schedule);
  try {
    const parts = {
      schedule,
      packer,
      files,
      last: (checksums: readonly number[]) => {
        const manifest = encodeManifest(
          manifestOf({
            compiler: COMPILER,
            model: report.model,
            assumed: report.assumed,
            schedule,
            programWords: words,
            fixedBytes,
            plans: report.plans,
            checksums,
            files: sums,
          }),
        );
        return [
          { name: 'index.js', content: entry(checksumOf(manifest)) },
          { name: 'manifest.bin', content: manifest },
        ];
      },
    };
    await writeBundle(directory, parts, {
      signal,
      onProgress: (done, total) => onProgress?.({ stage: 'pack', fraction: done / total }),
    });
  } finally {
    packer.close();
  }
}

function reportOf(graph: Graph, schedule: Schedule): Omit<CompileReport, 'fixedBytes' | 'plans'> {
  let weightsBytes = 0;
  for (const { type, constant } of graph.values.values()) if (constant) weightsBytes += byteLength(type);
  const layerBytes = schedule.layers.map((layer) => {
    const reads = schedule.steps
      .slice(layer.firstStep, layer.firstStep + layer.steps)
      .flatMap((s) => s.reads);
    return [...new Set(reads)].reduce((sum, id) => {
      const slot = schedule.slots[id]!;
      return slot.kind === 'weight' ? sum + slot.byteLength : sum;
    }, 0);
  });
  return {
    model: {
      name: graph.name,
      nodes: graph.nodes.length,
      weightsBytes,
      flops: Math.round(schedule.steps.reduce((sum, step) => sum + step.flops, 0)),
    },
    ...(graph.assumed === undefined ? {} : { assumed: graph.assumed }),
    layers: schedule.layers.length,
    segments: schedule.segments.length,
    largestLayerBytes: Math.max(0, ...layerBytes),
    largestSegmentBytes: Math.max(0, ...schedule.segments.map((segment) => segment.byteLength)),
  };
}
