import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runConformance } from '../../cli/conformance-cases.ts';
import { type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { readModel } from '../../compiler/onnx/read/model.ts';
import { readTensorFile } from '../../compiler/onnx/read/tensor-file.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { skip } from '../support/skip.ts';
import { shared } from './make-model.ts';

/** Small enough for the reference; the larger ones run on the engine, in other tests. */
const golden = [
  ['blazeface_front_128', 1e-4],
  ['deeploy_Autoencoder1D', 1e-4],
  ['deeploy_CCT_FP32_CCT_2_32_32_128_Opset20', 1e-4],
  ['deeploy_TinyViT_Demo', 1e-4],
  ['emx_micro_kws_m_static_fp32', 1e-4],
  ['godot_scorethegoal', 1e-4],
  ['magika_v3_3', 1e-4],
  ['mjp_go1', 1e-4],
  ['mnist_8', 1e-4],
  ['ppocr_v2_cls', 1e-4],
  ['rten_mnist', 1e-4],
  ['squeezenet_fp16', 1e-2],
  ['vespa_random_encoder', 1e-4],
] as const;

/** max |a − b| / max |b| */
function deviation(got: Tensor, expected: Tensor): number {
  const [a, b] = [toNumbers(got), toNumbers(expected)];
  assert.deepEqual(got.type, expected.type);
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    const distance = Math.abs(a[i]! - b[i]!);
    difference = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : Math.max(difference, distance);
    largest = Math.max(largest, Math.abs(b[i]!));
  }
  return difference === 0 ? 0 : difference / largest;
}

describe('networks made by others, by the reference', () => {
  for (const [name, tolerance] of golden)
    it(name, async function () {
      const folder = join(shared, 'onnx/models', name);
      if (!existsSync(folder)) return skip(this, 'the shared networks are not here');
      const path = join(folder, 'model.onnx');
      const { graph } = readModel(path);
      const tensors = new Map<string, Tensor>();
      const shapes: Record<string, readonly number[]> = {};
      const inputs = graph.inputs.filter((input) => !graph.initializers.has(input.name));
      for (const [i, input] of inputs.entries()) {
        const { tensor } = readTensorFile(join(folder, 'golden_ort', `input_${i}.pb`));
        tensors.set(input.name, tensor);
        shapes[input.name] = tensor.type.shape;
      }
      const outputs = interpret(await importOnnx(path, { shapes }), tensors);
      for (const [i, output] of graph.outputs.entries()) {
        const expected = readTensorFile(join(folder, 'golden_ort', `output_${i}.pb`)).tensor;
        const got = outputs.get(output.name);
        assert.ok(got !== undefined);
        const error = deviation(got, expected);
        assert.ok(error <= tolerance, `${output.name}: ${error}`);
      }
    });

  it('rten_mnist with its weights in a file beside it', async function () {
    const models = join(shared, 'onnx/models');
    if (!existsSync(models)) return skip(this, 'the shared networks are not here');
    const read = (file: string): Tensor => readTensorFile(join(models, 'rten_mnist/golden_ort', file)).tensor;
    const graph = await importOnnx(join(models, 'rten_mnist_external/mnist.onnx'));
    const name = graph.values.get(graph.inputs[0]!)?.name ?? '';
    const [got] = interpret(graph, new Map([[name, read('input_0.pb')]])).values();
    // Trained apart from its sibling, but on the same digits.
    assert.ok(got !== undefined);
    const [ours, theirs] = [toNumbers(got), toNumbers(read('output_0.pb'))];
    assert.equal(ours.indexOf(Math.max(...ours)), theirs.indexOf(Math.max(...theirs)));
  });
});

/** Expected results that onnxruntime does not give either, where we do as it does. */
const otherwise = new Set([
  // Places count in the result's own shape, as MaxPool numbered them in PyTorch; here in another one.
  'node/test_maxunpool_export_with_output_shape',
  // The extent of the result is whole; here it is 3.2.
  'node/test_resize_downsample_scales_cubic_align_corners',
]);

describe('conformance cases of ONNX, by the reference', () => {
  for (const [folder, least] of [
    ['onnx', 400],
    ['onnx2c', 45],
  ] as const)
    it(folder, async function () {
      const path = join(shared, 'onnx/cases', folder);
      if (!existsSync(path)) return skip(this, 'the shared networks are not here');
      const result = await runConformance(path, {
        run: async (model, inputs, constants) => interpret(await importOnnx(model, { constants }), inputs),
      });
      const failures = result.cases.filter(({ status, name }) => status === 'failed' && !otherwise.has(name));
      assert.deepEqual(failures, []);
      assert.ok(result.passed >= least, `${result.passed} passed`);
    });
});
