/**
 * Conformance in ONNX's layout: each folder with `model.onnx` and `test_data_set_*` of `input_N.pb` and `output_N.pb`
 * is a case. How a model is run is given; this finds the cases, feeds them and compares.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Tensor } from '../compiler/ir/tensor.ts';
import { constantInputs } from '../compiler/onnx/import/constant-inputs.ts';
import { readModel } from '../compiler/onnx/read/model.ts';
import { readTensorFile } from '../compiler/onnx/read/tensor-file.ts';
import { type ErrorCode, MillraceError } from '../runtime/error.ts';
import { difference, toleranceFor } from './compare.ts';

export interface CaseResult {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly code?: ErrorCode | 'MISMATCH';
  readonly message?: string;
}

export interface ConformanceResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cases: readonly CaseResult[];
}

export interface ConformanceOptions {
  /** Only cases whose name contains this. */
  readonly filter?: string;
  /**
   * Compiles and runs a model: outputs by name, of inputs by name. `constants` are the inputs that the model must be
   * compiled for (`ImportOptions.constants`): shapes, axes and such, which are not inputs of the compiled model.
   */
  run(
    modelPath: string,
    inputs: ReadonlyMap<string, Tensor>,
    constants: Readonly<Record<string, Tensor>>,
  ): Promise<ReadonlyMap<string, Tensor>>;
  /** Called after each case. */
  progress?(done: number, total: number, result: CaseResult): void;
}

/** What the documentation declares out of scope; anything else that goes wrong is a failure. */
const outOfScope: ReadonlySet<ErrorCode> = new Set(['MODEL_UNSUPPORTED', 'MODEL_SCOPE', 'MODEL_OPSET']);

export async function runConformance(
  folder: string,
  options: ConformanceOptions,
): Promise<ConformanceResult> {
  const names = findCases(folder).filter((name) => name.includes(options.filter ?? ''));
  const cases: CaseResult[] = [];
  for (const name of names) {
    const result = await runCase(join(folder, name), name || '.', options);
    cases.push(result);
    options.progress?.(cases.length, names.length, result);
  }
  const count = (status: CaseResult['status']): number => cases.filter((one) => one.status === status).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped'), cases };
}

/** Paths of the case folders below `folder`, sorted. */
export function findCases(folder: string): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new MillraceError('MODEL_READ', 'is no folder', { at: folder });
  const found: string[] = [];
  const visit = (path: string): void => {
    const entries = readdirSync(path, { withFileTypes: true });
    if (entries.some(({ name }) => name === 'model.onnx') && dataSets(path).length > 0)
      found.push(relative(folder, path));
    for (const entry of entries) if (entry.isDirectory()) visit(join(path, entry.name));
  };
  visit(folder);
  return found.sort();
}

const dataSets = (path: string): string[] =>
  readdirSync(path)
    .filter((name) => /^test_data_set_\d+$/.test(name))
    .sort();

async function runCase(path: string, name: string, { run }: ConformanceOptions): Promise<CaseResult> {
  try {
    const model = join(path, 'model.onnx');
    const content = readModel(model);
    const { graph } = content;
    const inputs = graph.inputs.filter((input) => !graph.initializers.has(input.name));
    const foreign = [...inputs, ...graph.outputs].find(({ elementType }) => elementType === null);
    if (foreign !== undefined)
      throw new MillraceError('MODEL_UNSUPPORTED', 'is not a tensor', { at: `"${foreign.name}"` });
    const constantNames = new Set(constantInputs(content));
    for (const set of dataSets(path)) {
      const given = new Map<string, Tensor>();
      const constants = new Map<string, Tensor>();
      inputs.forEach((input, i) => {
        const file = join(path, set, `input_${i}.pb`);
        if (!existsSync(file)) return;
        const { tensor } = readTensorFile(file);
        if (constantNames.has(input.name)) constants.set(input.name, tensor);
        else given.set(input.name, tensor);
      });
      const outputs = await run(model, given, Object.fromEntries(constants));
      for (const [i, output] of graph.outputs.entries()) {
        const file = join(path, set, `output_${i}.pb`);
        if (!existsSync(file)) continue;
        const expected = readTensorFile(file).tensor;
        const got = outputs.get(output.name);
        const what =
          got === undefined
            ? 'there is no such output'
            : difference(got, expected, toleranceFor(output.elementType));
        if (what !== null)
          return {
            name,
            status: 'failed',
            code: 'MISMATCH',
            message: `${set}, output "${output.name}": ${what}`,
          };
      }
    }
    return { name, status: 'passed' };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof MillraceError)) return { name, status: 'failed', message };
    return { name, status: outOfScope.has(error.code) ? 'skipped' : 'failed', code: error.code, message };
  }
}
