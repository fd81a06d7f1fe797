/** Imports a model made of parts and runs it by the reference. */

import type { Graph } from '../../compiler/ir/graph.ts';
import { type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { type ImportOptions, importOnnx } from '../../compiler/onnx/import.ts';
import { interpret } from '../../compiler/ops/interpret.ts';
import { type ModelParts, modelBytes, withFile } from './make-model.ts';

export const importParts = (parts: ModelParts, options: ImportOptions = {}): Promise<Graph> =>
  withFile(modelBytes(parts), (path) => importOnnx(path, options));

/** Shape and numbers of each output. */
export const runParts = (
  parts: ModelParts,
  inputs: Readonly<Record<string, Tensor>> = {},
  options: ImportOptions = {},
): Promise<{ shape: readonly number[]; values: number[] }[]> =>
  withFile(modelBytes(parts), async (path) => {
    const graph = await importOnnx(path, options);
    const outputs = interpret(graph, new Map(Object.entries(inputs)));
    return [...outputs.values()].map((tensor) => ({ shape: tensor.type.shape, values: toNumbers(tensor) }));
  });
