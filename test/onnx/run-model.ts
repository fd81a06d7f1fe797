/** Imports a model made of parts and runs it by the reference. */
import assert from 'node:assert/strict';
import { type Graph, valueAt } from '../../compiler/ir/graph.ts';
import { type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { type ImportOptions, importOnnx } from '../../compiler/onnx/import/import.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { type attributes, type ModelParts, modelBytes, node, withFile } from './make-model.ts';

export const importParts = (parts: ModelParts, options: ImportOptions = {}): Promise<Graph> =>
  withFile(modelBytes(parts), (path) => importOnnx(path, options));

interface Result {
  readonly shape: readonly number[];
  readonly values: number[];
}

/** Shape and numbers of each output. */
export const runParts = (
  parts: ModelParts,
  inputs: Readonly<Record<string, Tensor>> = {},
  options: ImportOptions = {},
): Promise<Result[]> =>
  withFile(modelBytes(parts), async (path) => {
    const graph = await importOnnx(path, options);
    const outputs = interpret(graph, new Map(Object.entries(inputs)));
    return [...outputs.values()].map((tensor) => ({ shape: tensor.type.shape, values: toNumbers(tensor) }));
  });

/** A Relu of one input of this shape. */
export const relu = (shape: readonly (number | string | null)[]): ModelParts => ({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: { x: shape },
  outputs: ['y'],
});

/** Shapes of the inputs. */
export const shapeOf = async (parts: ModelParts, options: ImportOptions = {}) => {
  const graph = await importParts(parts, options);
  return graph.inputs.map((id) => valueAt(graph, id).type.shape);
};

/** Output of one node over x (and initialisers), at an opset. */
export async function one(
  opset: number,
  op: string,
  x: Tensor,
  values: Parameters<typeof attributes>[0] = {},
  operands: ModelParts['initializers'] = [],
): Promise<Result> {
  const inputs = ['x', ...operands.map(({ name }) => name ?? '')];
  const [result] = await runParts(
    {
      opset,
      nodes: [node(op, inputs, ['y'], values)],
      inputs: { x: { dtype: x.type.dtype, shape: x.type.shape } },
      outputs: ['y'],
      initializers: operands,
    },
    { x },
  );
  assert.ok(result !== undefined);
  return result;
}
