/** Networks made by others, with outputs of onnxruntime, through all passes and the engine, in every mode. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { constantInputs } from '../../compiler/onnx/import/constant-inputs.ts';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { readModel } from '../../compiler/onnx/read/model.ts';
import { readTensorFile } from '../../compiler/onnx/read/tensor-file.ts';
import type { Manifest } from '../../runtime/format/format.ts';
import type { LoadOptions } from '../../runtime/options.ts';
import { shared } from '../onnx/make-model.ts';
import { compileInMemory, open, runTensors } from '../support/network.ts';
import { skip } from '../support/skip.ts';

const models = join(shared, 'onnx/models');
const golden = existsSync(models)
  ? readdirSync(models).filter((name) => existsSync(join(models, name, 'golden_ort/output_0.pb')))
  : [];

/** Share of the largest output by which others may differ: a step of float16, and one of eight bits. */
const tolerances: Readonly<Record<string, number>> = {
  squeezenet_fp16: 1e-2,
  emx_micro_kws_m_static_qdq: 1.01 / 255,
  emx_micro_kws_m_static_qoperator: 1.01 / 255,
};

function check(name: string, got: Tensor, expected: Tensor): void {
  assert.deepEqual(got.type, expected.type);
  const [a, b] = [toNumbers(got), toNumbers(expected)];
  const largest = b.reduce((most, y) => Math.max(most, Math.abs(y)), 0);
  const allowed = (tolerances[name] ?? 1e-4) * largest + 1e-6;
  for (const [i, y] of b.entries())
    assert.ok(a[i] === y || Math.abs(a[i]! - y) <= allowed, `element ${i}: ${a[i]} is not ${y}`);
}

/** All give the same bits. */
const waysOf = ({ plans }: Manifest): readonly LoadOptions[] => {
  // Small networks have no plan but the one that holds all.
  const plan = plans[0]!.name;
  return [
    { mode: 'resident' },
    { mode: 'stream', plan },
    { mode: 'sequential', plan },
    { mode: 'stream', plan, threads: 2 },
  ];
};

describe('networks made by others, through the engine', () => {
  it('are there', function () {
    if (golden.length === 0) skip(this, 'the shared networks are not here');
  });

  for (const name of golden)
    it(name, async () => {
      const folder = join(models, name);
      const path = join(folder, 'model.onnx');
      const content = readModel(path);
      const { graph } = content;
      const read = (file: string): Tensor => readTensorFile(join(folder, 'golden_ort', file)).tensor;
      const baked = new Set(constantInputs(content));
      const given = graph.inputs.filter((input) => !graph.initializers.has(input.name));
      const tensors = new Map(given.map((input, i) => [input.name, read(`input_${i}.pb`)] as const));
      const inputs = new Map([...tensors].filter(([input]) => !baked.has(input)));
      const shapes = Object.fromEntries([...inputs].map(([input, { type }]) => [input, type.shape]));
      const constants = Object.fromEntries([...tensors].filter(([input]) => baked.has(input)));
      const network = await compileInMemory(await importOnnx(path, { shapes, constants }), { passes: true });
      let first: ReadonlyMap<string, Tensor> | undefined;
      for (const options of waysOf(network.manifest)) {
        const model = await open(network, options);
        try {
          const outputs = await runTensors(model, inputs);
          first ??= outputs;
          assert.deepEqual(outputs, first, JSON.stringify(options));
        } finally {
          await model.close();
        }
      }
      for (const [i, output] of graph.outputs.entries())
        check(name, first!.get(output.name)!, read(`output_${i}.pb`));
    });
});
