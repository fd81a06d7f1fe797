/**
 * The pipeline: graph → passes → schedule → segments → plans → bundle. The only file, with the commands, that knows
 * all stages; each takes the value the stage before it made. Weights are packed last, while the bundle is written, one
 * segment at a time.
 */
import { readdir, readFile } from 'node:fs/promises';
import { fixedBytesOf } from '../runtime/engine/layout.ts';
import type { ModelSummary, Plan } from '../runtime/format/format.ts';
import { encodeManifest, manifestOf } from './bundle/manifest.ts';
import { type WriteOptions, writeBundle } from './bundle/write.ts';
import { emitDeclarations } from './codegen/declarations.ts';
import { bundleEntries } from './codegen/entry.ts';
import { emitExecutor } from './codegen/executor.ts';
import { programWords } from './codegen/words.ts';
import type { Graph, PortDocs } from './ir/graph.ts';
import { byteLength } from './ir/types.ts';
import { createSolver } from './memory/joint.ts';
import type { PlanProblem } from './memory/problem.ts';
import type { Model } from './model/define.ts';
import { type CompileOptions, checkOptions } from './options.ts';
import { Packer } from './pack/pack.ts';
import { optimize } from './passes/index.ts';
import { partition } from './schedule/cut/partition.ts';
import { referenceDevice } from './schedule/device/cost.ts';
import { type LowerOptions, lowerGraph } from './schedule/lower/lower.ts';
import { manifestPlan, planProblem } from './schedule/problem.ts';
import type { Schedule } from './schedule/schedule.ts';
import { arrange } from './schedule/share/arrange.ts';

const COMPILER = 'millrace 0.1.0';

export interface CompileReport {
  readonly model: ModelSummary;
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
  /** Writes the folder; what stood there is replaced once the new bundle is complete. */
  write(directory: string, options?: WriteOptions): Promise<void>;
}

/**
 * Compiles a network. Throws MillraceError: BUDGET names the smallest budget that works, MODEL_* what is wrong with
 * the network.
 */
export async function compile(model: Graph | Model, options: CompileOptions = {}): Promise<Bundle> {
  const { budgets, device, variants } = checkOptions(options);
  const graph = 'graph' in model ? model.graph : model;
  const { schedule, words, problem } = planningOf(graph, { device, variants });
  const { fixedBytes } = problem;
  const solver = createSolver(problem);
  const planned = budgets.length > 0 ? budgets.map((budget) => solver.solve(budget)) : solver.storedPlans();
  const plans = planned.map((plan) => manifestPlan(schedule, plan)).sort((a, b) => a.peakBytes - b.peakBytes);
  const report = { ...reportOf(graph, schedule), fixedBytes, plans };
  return {
    report,
    schedule,
    write: (directory, options) =>
      writeFolder(directory, { report, schedule, fixedBytes, words, docs: graph.docs }, options),
  };
}

/** A network as far as its plans need it: cut and arranged, with what is asked of the planner. */
export interface Planning {
  readonly schedule: Schedule;
  readonly words: number;
  readonly problem: PlanProblem;
}

export function planningOf(graph: Graph, options: LowerOptions = {}): Planning {
  const { device = referenceDevice } = options;
  const schedule = partition(arrange(lowerGraph(optimize(graph), options)));
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
  options?: WriteOptions,
): Promise<void> {
  const executor = await emitExecutor(schedule, COMPILER);
  const hostOps = schedule.steps.flatMap(({ action }) => (action.kind === 'host' ? [action.op] : []));
  const entries = await bundleEntries([...new Set(hostOps)]);
  const built = new URL('../build/engine/', import.meta.url);
  // The native engine of this machine goes along where it is built; on any other the bundle runs in WASM.
  const here = new RegExp(`^engine-${process.platform}-${process.arch}(-musl)?\\.node$`);
  const native = (await readdir(built)).filter((name) => here.test(name));
  const engines = ['engine.wasm', 'engine-relaxed.wasm', ...native].map(async (name) => ({
    name,
    content: await readFile(new URL(name, built)),
  }));
  const packer = new Packer(schedule);
  try {
    const parts = {
      schedule,
      packer,
      files: [
        ...entries.map(({ name, text }) => ({ name, content: text })),
        { name: 'executor.js', content: executor.javascript },
        { name: 'executor.d.ts', content: executor.declarations },
        {
          name: 'index.d.ts',
          content: emitDeclarations(schedule.name, schedule.inputs, schedule.outputs, COMPILER, docs),
        },
        ...(await Promise.all(engines)),
      ],
      manifest: (checksums: readonly number[]) =>
        encodeManifest(
          manifestOf({
            compiler: COMPILER,
            model: report.model,
            schedule,
            programWords: words,
            fixedBytes,
            plans: report.plans,
            checksums,
          }),
        ),
    };
    await writeBundle(directory, parts, options);
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
    layers: schedule.layers.length,
    segments: schedule.segments.length,
    largestLayerBytes: Math.max(0, ...layerBytes),
    largestSegmentBytes: Math.max(0, ...schedule.segments.map((segment) => segment.byteLength)),
  };
}
