/**
 * A graph taken through the compiler's own stages to a bundle that never touches a disk, and loaded from there: as
 * `compile` and `load`, without the seconds esbuild takes and without the passes, where a test wants its nodes
 * untouched.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { buildSync } from 'esbuild';
import { trueShape } from '../../cli/true-shape.ts';
import { stripEngine } from '../../compiler/bundle/engine/strip.ts';
import { kernelsIn } from '../../compiler/bundle/files.ts';
import { encodeManifest, manifestOf } from '../../compiler/bundle/manifest.ts';
import { emitExecutor } from '../../compiler/codegen/executor.ts';
import { programWords } from '../../compiler/codegen/words.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import type { Tensor } from '../../compiler/ir/tensor.ts';
import type { DType } from '../../compiler/ir/types.ts';
import { createSolver } from '../../compiler/memory/joint.ts';
import { opOf } from '../../compiler/ops/index.ts';
import { Packer } from '../../compiler/pack/pack.ts';
import { optimize } from '../../compiler/passes/index.ts';
import { partition } from '../../compiler/schedule/cut/partition.ts';
import { referenceDevice } from '../../compiler/schedule/device/cost.ts';
import { lowerGraph } from '../../compiler/schedule/lower/lower.ts';
import { manifestPlan, planProblem } from '../../compiler/schedule/problem.ts';
import type { Schedule } from '../../compiler/schedule/schedule.ts';
import { arrange } from '../../compiler/schedule/share/arrange.ts';
import type { Executor } from '../../runtime/engine/executor.ts';
import { fixedBytesOf } from '../../runtime/engine/layout.ts';
import type { Manifest } from '../../runtime/format/format.ts';
import {
  type BundleParts,
  type LoadedModel,
  type LoadOptions,
  memorySource,
  openModel,
  type Platform,
} from '../../runtime/index.ts';
import { nodeThreads } from '../../runtime/platform/node/thread.ts';

const root = new URL('../../', import.meta.url);

export interface Network {
  readonly schedule: Schedule;
  readonly manifest: Manifest;
  readonly parts: BundleParts;
}

export interface NetworkOptions {
  /** Default true. */
  readonly passes?: boolean;
  /** Bytes of a segment. */
  readonly target?: number;
}

export async function compileInMemory(graph: Graph, options: NetworkOptions = {}): Promise<Network> {
  const optimized = options.passes === false ? graph : optimize(graph, { verify: true });
  return networkOf(partition(arrange(lowerGraph(optimized), options.target), options.target));
}

export async function networkOf(schedule: Schedule): Promise<Network> {
  const words = programWords(schedule);
  const fixedBytes = fixedBytesOf({
    values: schedule.slots.length,
    segments: schedule.segments.length,
    programWords: words,
  });
  const solver = createSolver(planProblem(schedule, referenceDevice, fixedBytes));
  const plans = solver.storedPlans().map((plan) => manifestPlan(schedule, plan, fixedBytes));
  const packer = new Packer(schedule);
  const packed = schedule.segments.map((segment) => packer.pack(segment));
  packer.close();
  const model = { name: schedule.name, nodes: schedule.layers.length, weightsBytes: 0, flops: 0 };
  const checksums = packed.map((bytes) => crc32(bytes));
  const manifest = manifestOf({
    compiler: 'test',
    model,
    schedule,
    programWords: words,
    fixedBytes,
    plans,
    checksums,
  });
  const encoded = encodeManifest(manifest);
  const kernels = kernelsIn(schedule);
  const weights = Buffer.concat(packed);
  const { javascript } = await emitExecutor(schedule, 'test');
  return {
    schedule,
    manifest,
    parts: {
      manifest: async () => encoded,
      engine: async (file) => stripEngine(readFileSync(new URL(`build/engine/${file}`, root)), kernels),
      executor: async () => executorOf(javascript, schedule),
      weights: async () => memorySource(weights),
    },
  };
}

/** Evaluates the module's text, with the reference ops where it imports `host.js`. */
export function executorOf(javascript: string, { steps }: Schedule): Executor {
  const names = new Set(steps.flatMap(({ action }) => (action.kind === 'host' ? [action.op] : [])));
  const body = javascript.replace(/^import .*$/m, '').replace(/^export (?=const|function)/gm, '');
  const make = new Function(...names, `${body}\nreturn { host, record };`);
  return make(...[...names].map(opOf)) as Executor;
}

let worker: URL | null = null;

/** Threads run the engine's worker, joined to one module, from its text. */
function workerUrl(): URL {
  if (worker !== null) return worker;
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('runtime/platform/node/worker.ts', root))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
  worker = new URL(`data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`);
  return worker;
}

export const open = (network: Network, options: LoadOptions = {}): Promise<LoadedModel> => {
  const platform: Platform = {
    crc32: (bytes) => crc32(bytes),
    now: () => performance.now(),
    turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
    startThread: (start, died) => nodeThreads(workerUrl())(start, died),
  };
  return openModel(network.parts, platform, options);
};

/** One run of a loaded model on tensors. */
export async function runTensors(
  model: LoadedModel,
  inputs: ReadonlyMap<string, Tensor>,
): Promise<Map<string, Tensor>> {
  const given = Object.fromEntries([...inputs].map(([name, tensor]) => [name, tensor.data]));
  const outputs = await model.run(given);
  return new Map(
    model.outputs.map((port) => {
      const data = outputs[port.name]!;
      const type = { dtype: port.dtype as DType, shape: trueShape(port, outputs) };
      return [port.name, { type, data }];
    }),
  );
}
