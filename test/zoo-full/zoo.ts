/**
 * Every network of the zoo at its full size (`npm run test:zoo`; one of them: `-- -g resnet50`): compiled to a folder,
 * streamed from it in the least memory, exported as ONNX, and run by onnxruntime where the benchmarks' packages are
 * installed.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { compile, exportOnnx, type Model } from 'millrace';
import { load } from 'millrace/runtime';
import type { Graph } from '../../compiler/ir/graph.ts';
import { type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { zoo } from '../../examples/zoo/index.ts';
import { hasRuntime, runByOnnxruntime } from '../onnx/onnxruntime.ts';
import { withFolder } from '../support/folder.ts';
import { runTensors } from '../support/network.ts';
import { randomInputs } from '../support/tensors.ts';

/** Outputs of the network in the smallest plan that its bundle has. */
async function streamed(model: Model, inputs: ReadonlyMap<string, Tensor>, folder: string) {
  const bundle = await compile(model);
  await bundle.write(folder);
  const loaded = await load(folder, { mode: 'stream', plan: bundle.report.plans[0]!.name });
  try {
    return await runTensors(loaded, inputs);
  } finally {
    await loaded.close();
  }
}

async function byOnnxruntime(graph: Graph, inputs: ReadonlyMap<string, Tensor>, folder: string) {
  const path = join(folder, 'model.onnx');
  await exportOnnx(graph, path);
  return runByOnnxruntime(path, inputs, 'all');
}

const largestOf = (numbers: readonly number[]): number =>
  numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

describe('zoo: streamed, exported and compared', () => {
  for (const [name, entry] of Object.entries(zoo))
    it(name, () =>
      withFolder(async (folder) => {
        const model = entry.model();
        const inputs = randomInputs(model.graph, 7);
        const outputs = await streamed(model, inputs, join(folder, 'bundle'));
        assert.deepEqual([...outputs.keys()].sort(), Object.keys(model.outputs).sort());
        for (const [output, tensor] of outputs) {
          assert.deepEqual(tensor.type, model.outputs[output], output);
          const y = toNumbers(tensor);
          assert.ok(y.every(Number.isFinite), `${output} is not finite`);
          // Signals that have died out on the way, or drown all others, would agree with anything.
          const [least, most] = y.reduce(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [y[0]!, y[0]!]);
          assert.ok(most - least > 1e-2 * largestOf(y), `${output} is everywhere the same`);
        }
        if (!hasRuntime) return;
        for (const [output, expected] of await byOnnxruntime(model.graph, inputs, folder)) {
          const [a, e] = [toNumbers(outputs.get(output)!), toNumbers(expected)];
          const largest = largestOf(e);
          const worst = largestOf(e.map((x, i) => x - a[i]!));
          assert.ok(worst <= 1e-4 * largest, `${output}: off by ${worst} of ${largest}`);
        }
      }),
    );
});
