/** The models of ../shared/onnx/models that have outputs of another runtime: compiled, streamed and compared, all outputs. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { readTensorFile } from '../../compiler/onnx/read/tensor-file.ts';
import { compileInMemory, open, runTensors } from '../support/network.ts';
import { skip } from '../support/skip.ts';

const models = new URL('../../../shared/onnx/models/', import.meta.url);

/** Largest deviation by the largest element of the expected output. */
const tolerances: Readonly<Record<string, number>> = {
  blazeface_front_128: 1e-4,
  deeploy_Autoencoder1D: 1e-4,
  deeploy_CCT_FP32_CCT_2_32_32_128_Opset20: 1e-4,
  deeploy_TinyViT_Demo: 1e-4,
  emx_micro_kws_m_static_fp32: 1e-4,
  godot_scorethegoal: 1e-4,
  magika_v3_3: 1e-4,
  mjp_go1: 1e-4,
  mnist_8: 1e-4,
  ppocr_v2_cls: 1e-4,
  rten_mnist: 1e-4,
  squeezenet_fp16: 1e-2,
};

describe('models with outputs of another runtime', () => {
  before(function () {
    if (!existsSync(models)) skip(this, 'the shared networks are not here');
  });

  for (const [name, tolerance] of Object.entries(tolerances))
    it(name, async () => {
      const at = (file: string): string => fileURLToPath(new URL(`${name}/${file}`, models));
      const network = await compileInMemory(await importOnnx(at('model.onnx')));
      const { manifest } = network;
      const inputs = new Map<string, Tensor>();
      for (const [i, { name }] of manifest.inputs.entries())
        inputs.set(name, readTensorFile(at(`golden_ort/input_${i}.pb`)).tensor);
      const model = await open(network, { mode: 'stream', plan: manifest.plans[0]!.name });
      try {
        const outputs = await runTensors(model, inputs);
        for (const [i, { name }] of manifest.outputs.entries()) {
          const expected = readTensorFile(at(`golden_ort/output_${i}.pb`)).tensor;
          const got = outputs.get(name)!;
          assert.deepEqual(got.type, expected.type, name);
          const [a, b] = [toNumbers(got), toNumbers(expected)];
          const largest = b.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
          for (const [j, x] of b.entries())
            assert.ok(
              Math.abs(a[j]! - x) <= tolerance * largest,
              `${name}, element ${j}: ${a[j]}, expected ${x}`,
            );
        }
      } finally {
        await model.close();
      }
    });
});
