/** The networks of ../shared/onnx/light: real architectures, filled with one value, with the outputs they must give. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile } from '../../compiler/compile.ts';
import { bytesOf, fromNumbers, type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { type DType, elementCount } from '../../compiler/ir/types.ts';
import { decodeNpy, writeNpy } from '../../compiler/model/weights/npy.ts';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { readTensorFile } from '../../compiler/onnx/read/tensor-file.ts';
import { type LoadOptions, load } from '../../runtime/node.ts';
import { millraceJson, temporaryFolder } from '../support/command.ts';
import { skip } from '../support/skip.ts';
import { assertClose } from '../support/tensors.ts';

const light = new URL('../../../shared/onnx/light/', import.meta.url);
const fileOf = (name: string): string => fileURLToPath(new URL(`light_${name}`, light));
const MIB = 2 ** 20;

/** The first in every mode; the large ones as streamed and resident. */
const models: Readonly<Record<string, readonly LoadOptions[]>> = {
  squeezenet: [
    { mode: 'resident', deterministic: true },
    { mode: 'stream', plan: 'smallest', deterministic: true },
    { mode: 'sequential', plan: 'smallest', threads: 2, deterministic: true, source: 'file' },
  ],
  inception_v1: [{ mode: 'stream', plan: 'smallest', threads: 2 }, { mode: 'resident' }],
  resnet50: [{ mode: 'stream', plan: 'smallest', threads: 2 }, { mode: 'resident' }],
  bvlc_alexnet: [
    { mode: 'stream', plan: 'smallest' },
    { mode: 'stream', threads: 2, budget: '160MiB' },
  ],
};

const ones = (shape: readonly number[]): Tensor =>
  fromNumbers({ dtype: 'float32', shape }, new Array<number>(elementCount(shape)).fill(1));

describe('the light networks', () => {
  const folder = temporaryFolder();
  before(function () {
    if (!existsSync(light)) skip(this, 'the shared networks are not here');
  });
  after(() => folder.remove());

  for (const [name, ways] of Object.entries(models))
    it(name, async () => {
      const expected = readTensorFile(fileOf(`${name}_output_0.pb`)).tensor;
      const bundle = await compile(await importOnnx(fileOf(`${name}.onnx`)));
      const path = folder.at(name);
      await bundle.write(path);
      let bits: string | null = null;
      for (const options of ways) {
        const model = await load(path, options);
        try {
          const inputs = Object.fromEntries(model.inputs.map((port) => [port.name, ones(port.shape).data]));
          const port = model.outputs[0]!;
          const data = (await model.run(inputs))[port.name]!;
          const output = { type: { dtype: port.dtype as DType, shape: port.shape }, data };
          assertClose({ ...output, type: expected.type }, expected, 1e-5, JSON.stringify(options));
          const got = Buffer.from(bytesOf(output)).toString('hex');
          bits ??= got;
          assert.ok(got === bits, `other bits: ${JSON.stringify(options)}`);
        } finally {
          await model.close();
        }
      }
    });

  it('resnet50 plans the smallest budget below 8 % of its weights and activations', async () => {
    const { report } = await compile(await importOnnx(fileOf('resnet50.onnx')));
    assert.ok(report.plans[0]!.peakBytes <= 0.08 * 140 * MIB);
  });

  it('vgg19 compiles in 250 MiB and runs in 48 MiB, reading its weights on each run', async () => {
    const path = folder.at('vgg19');
    const budget = ['--budget', '48MiB'];
    const compiled = await millraceJson<{ peakRssBytes: number; model: { weightsBytes: number } }>([
      'compile',
      fileOf('vgg19.onnx'),
      '-o',
      path,
      ...budget,
    ]);
    assert.ok(compiled.peakRssBytes <= 250 * MIB, `compiling took ${compiled.peakRssBytes / MIB} MiB`);
    writeNpy(folder.at('ones.npy'), ones([1, 3, 224, 224]));
    const ran = await millraceJson<{
      outputs: { file: string }[];
      bytesRead: number;
      plan: { peakBytes: number; residentBytes: number };
      rss: { peakBytes: number };
    }>(['run', path, ...budget, '--input', `data_0=${folder.at('ones.npy')}`, '--output', folder.at('out')]);
    assert.ok(ran.plan.peakBytes <= 48 * MIB);
    assert.ok(ran.rss.peakBytes <= (48 + 75) * MIB, `the process held ${ran.rss.peakBytes / MIB} MiB`);
    assert.ok(ran.bytesRead + ran.plan.residentBytes >= compiled.model.weightsBytes);
    const file = ran.outputs[0]!.file;
    const expected = readTensorFile(fileOf('vgg19_output_0.pb')).tensor;
    const numbers = toNumbers(decodeNpy(file, readFileSync(file)));
    assertClose(fromNumbers(expected.type, numbers), expected, 1e-5);
  });
});
