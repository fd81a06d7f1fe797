/**
 * Whole networks as ONNX, before and after passes: read back they compute the same, onnxruntime agrees, and no transpose
 * stands where none did. A failure names its seed; `SEED=n` runs that one only.
 */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Graph } from '../../compiler/ir/graph.ts';
import { type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { exportOnnx } from '../../compiler/onnx/export/export.ts';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { readModel } from '../../compiler/onnx/read/model.ts';
import { readTensorFile } from '../../compiler/onnx/read/tensor-file.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { optimize } from '../../compiler/passes/index.ts';
import { randomGraph } from '../support/random-graph.ts';
import { skip } from '../support/skip.ts';
import { assertClose, randomInputs } from '../support/tensors.ts';
import { inFolder, shared } from './make-model.ts';
import { hasRuntime, runByOnnxruntime } from './onnxruntime.ts';

const seeds = process.env['SEED']
  ? [Number(process.env['SEED'])]
  : Array.from({ length: Number(process.env['SEEDS'] ?? 25) }, (_, i) => i + 1);

const stages: readonly [string, (graph: Graph) => Graph][] = [
  ['before passes', (graph) => graph],
  ['after passes', (graph) => optimize(graph)],
];

/** What of a network is not empty: runtimes have no opinion on tensors without elements. */
const isEmpty = (graph: Graph): boolean =>
  [...graph.values.values()].some(({ type }) => type.shape.includes(0));

describe('random networks as ONNX', () => {
  for (const [stage, prepare] of stages) {
    it(`compute the same when they are read back, ${stage}`, () =>
      inFolder(async (folder) => {
        const path = join(folder, 'random.onnx');
        for (const seed of seeds) {
          const graph = randomGraph(seed);
          const inputs = randomInputs(graph, 7);
          await exportOnnx(prepare(graph), path);
          const actual = interpret(await importOnnx(path), inputs);
          for (const [name, tensor] of interpret(graph, inputs))
            assertClose(actual.get(name)!, tensor, 1e-5, `seed ${seed}, ${name}`);
        }
      }));

    it(`compute the same in onnxruntime, ${stage}`, function () {
      if (!hasRuntime) skip(this, 'onnxruntime-node is not installed');
      return inFolder(async (folder) => {
        const path = join(folder, 'random.onnx');
        for (const seed of seeds) {
          const graph = randomGraph(seed);
          if (isEmpty(graph)) continue;
          const inputs = randomInputs(graph, 7);
          await exportOnnx(prepare(graph), path);
          const actual = await runByOnnxruntime(path, inputs).catch((error: Error) =>
            assert.fail(`seed ${seed}: ${error.message}`),
          );
          for (const [name, tensor] of interpret(graph, inputs))
            assertClose(actual.get(name)!, tensor, 1e-4, `seed ${seed}, ${name}`);
        }
      });
    });
  }
});

/** Networks made by others, with what onnxruntime made of the original. */
const golden = [
  'blazeface_front_128',
  'deeploy_CCT_FP32_CCT_2_32_32_128_Opset20',
  'deeploy_TinyViT_Demo',
  'emx_micro_kws_m_static_fp32',
  'godot_scorethegoal',
  'magika_v3_3',
  'mjp_go1',
  'mnist_8',
  'ppocr_v2_cls',
  'squeezenet_fp16',
  'vespa_random_encoder',
];

const count = (path: string, op: string): number =>
  readModel(path).graph.nodes.filter((node) => node.op === op).length;

describe('networks made by others, exported again', () => {
  for (const name of golden)
    it(name, async function () {
      const source = join(shared, 'onnx/models', name);
      if (!existsSync(source)) skip(this, 'the shared networks are not here');
      if (!hasRuntime) skip(this, 'onnxruntime-node is not installed');
      const original = join(source, 'model.onnx');
      const { graph } = readModel(original);
      const tensor = (kind: string, i: number): Tensor =>
        readTensorFile(join(source, 'golden_ort', `${kind}_${i}.pb`)).tensor;
      const inputs = new Map(
        graph.inputs
          .filter((input) => !graph.initializers.has(input.name))
          .map((input, i) => [input.name, tensor('input', i)]),
      );
      const shapes = Object.fromEntries([...inputs].map(([input, { type }]) => [input, type.shape]));
      const imported = await importOnnx(original, { shapes });
      await inFolder(async (folder) => {
        const path = join(folder, 'again.onnx');
        for (const [stage, prepare] of stages) {
          await exportOnnx(prepare(imported), path);
          const outputs = await runByOnnxruntime(path, inputs, 'all');
          for (const [i, output] of graph.outputs.entries())
            assertAgree(outputs.get(output.name), tensor('output', i), `${stage}, ${output.name}`);
          if (stage === 'before passes')
            assert.ok(count(path, 'Transpose') <= count(original, 'Transpose'), 'transposes were added');
        }
      });
    });
});

/** Within 1e-4 of the largest output; networks of float16 round otherwise where nodes are otherwise. */
function assertAgree(actual: Tensor | undefined, expected: Tensor, at: string): void {
  assert.ok(actual !== undefined, at);
  assert.deepEqual(actual.type, expected.type, at);
  const [a, e] = [toNumbers(actual), toNumbers(expected)];
  const largest = e.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const tolerance = expected.type.dtype === 'float16' ? 1e-2 : 1e-4;
  const worst = e.reduce((most, x, i) => Math.max(most, Math.abs(a[i]! - x)), 0);
  assert.ok(worst <= tolerance * largest, `${at}: ${worst} of ${largest}`);
}
