/** One case through the compiler and the runtime: imported, compiled, loaded from memory, streamed, compared. */
import { conformanceTolerance, difference, type Tolerance, toleranceFor } from '../../cli/compare.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import type { Tensor } from '../../compiler/ir/tensor.ts';
import { constantInputs } from '../../compiler/onnx/import/constant-inputs.ts';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { outOfScope } from '../../compiler/onnx/import/out-of-scope.ts';
import { readModel } from '../../compiler/onnx/read/model.ts';
import type { OnnxValueInfo } from '../../compiler/onnx/read/schema.ts';
import { opOf } from '../../compiler/ops/index.ts';
import type { Schedule } from '../../compiler/schedule/schedule.ts';
import { MillraceError } from '../../runtime/error.ts';
import { compileInMemory, open, runTensors } from '../../test/support/network.ts';
import { modelFile, readInputs, readOutputs } from './read-case.ts';

export type Status = 'passed' | 'failed' | 'scope';

export interface CaseResult {
  readonly name: string;
  readonly status: Status;
  /** One line; empty where it passed. */
  readonly reason: string;
  /** Of a case that has passed. */
  readonly how?: How;
}

/** By one op with kernels, by several, by the reference on the host, or at import, so that nothing is left to run. */
export type How = 'kernel' | 'decomposed' | 'host' | 'import';

/** Transforms compare with exact zeros where any real one leaves rounding errors of its terms. */
const transforms: Tolerance = { relative: 1e-3, absolute: 1e-3 };

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

export async function runCase(name: string, folder: string): Promise<CaseResult> {
  try {
    const outcome = await outcomeOf(folder);
    if ('how' in outcome) return { name, status: 'passed', reason: '', how: outcome.how };
    return { name, status: 'failed', reason: outcome.reason };
  } catch (error) {
    const known = error instanceof MillraceError;
    const message = oneLine(error instanceof Error ? error.message : String(error));
    const scope = known && error.code === 'MODEL_SCOPE';
    return { name, status: scope ? 'scope' : 'failed', reason: `${known ? error.code : 'CRASH'} ${message}` };
  }
}

/** Ops that only say where elements lie: they come with an order of axes, and are no op of their own. */
const views: ReadonlySet<string> = new Set(['cast', 'expand', 'identity', 'reshape', 'transpose']);

function howOf(graph: Graph, { steps }: Schedule): How {
  if (steps.some(({ action }) => action.kind === 'host')) return 'host';
  if (graph.nodes.length === 0) return 'import';
  const ops = graph.nodes.filter(({ op }) => !views.has(op));
  const composed = ops.length > 1 || ops.some(({ op }) => opOf(op).decompose !== undefined);
  return composed ? 'decomposed' : 'kernel';
}

/** How it runs, or what differs from what the case expects. */
async function outcomeOf(folder: string): Promise<{ readonly how: How } | { readonly reason: string }> {
  const path = modelFile(folder);
  const model = readModel(path);
  const foreign = outOfScope(model);
  if (foreign.length > 0) throw new MillraceError('MODEL_SCOPE', foreign.join('; '));
  const { graph } = model;
  const inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name));
  const constants = new Set(constantInputs(model));
  const given = readInputs(folder, inputs);
  const fixed: Record<string, Tensor> = {};
  const shapes: Record<string, readonly number[]> = {};
  for (const input of inputs) {
    const tensor = given.get(input.name);
    if (tensor === undefined) continue;
    if (constants.has(input.name)) {
      fixed[input.name] = tensor;
      given.delete(input.name);
    } else if (!isStatic(input)) shapes[input.name] = tensor.type.shape;
  }
  const imported = await importOnnx(path, { constants: fixed, shapes });
  const network = await compileInMemory(imported);
  const loaded = await open(network, { mode: 'stream', plan: network.manifest.plans[0]!.name });
  try {
    const outputs = await runTensors(loaded, given);
    const tolerance = graph.nodes.some(({ op }) => op === 'DFT' || op === 'STFT')
      ? transforms
      : conformanceTolerance;
    for (const [output, expected] of readOutputs(folder, graph.outputs)) {
      const got = outputs.get(output);
      const { elementType = null } = graph.outputs.find(({ name }) => name === output) ?? {};
      const allowed = toleranceFor(elementType, tolerance);
      const what = got === undefined ? 'there is no such output' : difference(got, expected, allowed);
      if (what !== null) return { reason: `MISMATCH output "${output}": ${oneLine(what)}` };
    }
    return { how: howOf(imported, network.schedule) };
  } finally {
    await loaded.close();
  }
}

const isStatic = ({ shape }: OnnxValueInfo): boolean =>
  shape?.every((dim) => typeof dim === 'number') ?? false;
