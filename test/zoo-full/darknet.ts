/** The YOLO networks of the zoo and those that Darknet's own descriptions make: on the same weights, the same boxes. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importDarknet } from '../../compiler/darknet/import.ts';
import type { Graph, Value } from '../../compiler/ir/graph.ts';
import { type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { zoo } from '../../examples/zoo/index.ts';
import { compileInMemory, open, runTensors } from '../support/network.ts';
import { skip } from '../support/skip.ts';
import { randomInputs } from '../support/tensors.ts';

/** Numbers in formulas are constants too, without dimensions. */
const isParameter = ({ type, constant }: Value): boolean => constant !== undefined && type.shape.length > 0;

/** The graph with the weights of another: kernels in the order in which they were made, and so vectors. */
function withWeights(graph: Graph, other: Graph): Graph {
  const given = [...other.values.values()].filter(isParameter);
  const take = (value: Value): Value => {
    const at = given.findIndex(({ type }) => type.shape.length === value.type.shape.length);
    const [{ type, constant }] = given.splice(at, 1) as [Value];
    assert.deepEqual(type.shape, value.type.shape, value.name);
    return { ...value, constant: constant! };
  };
  const values = new Map(
    [...graph.values].map(([id, value]) => [id, isParameter(value) ? take(value) : value] as const),
  );
  assert.equal(given.length, 0);
  return { ...graph, values };
}

/** Outputs in their order. */
async function outputsOf(graph: Graph, inputs: ReadonlyMap<string, Tensor>): Promise<Tensor[]> {
  const network = await compileInMemory(graph);
  const model = await open(network, { mode: 'stream', plan: network.manifest.plans[0]!.name });
  try {
    const outputs = await runTensors(model, inputs);
    return graph.outputs.map(({ name }) => outputs.get(name)!);
  } finally {
    await model.close();
  }
}

describe('zoo: the same boxes as by way of the .cfg', () => {
  for (const name of ['yolov2', 'yolov3', 'yolov4', 'yolov4_p6'])
    it(name, async function () {
      const cfg = `../../../shared/darknet/${name.replace('_', '-')}.cfg`;
      const path = fileURLToPath(new URL(cfg, import.meta.url));
      if (!existsSync(path)) skip(this, 'the shared networks are not here');
      const { graph } = zoo[name]!.model();
      const inputs = randomInputs(graph, 7);
      const actual = await outputsOf(graph, inputs);
      const imported = withWeights(await importDarknet(path, { seed: 1 }), graph);
      const expected = await outputsOf(imported, inputs);
      assert.equal(actual.length, expected.length);
      for (const [i, tensor] of expected.entries()) {
        assert.deepEqual(actual[i]!.type, tensor.type);
        const [a, e] = [toNumbers(actual[i]!), toNumbers(tensor)];
        const worst = e.reduce((most, x, j) => Math.max(most, Math.abs(x - a[j]!)), 0);
        assert.ok(worst <= 1e-5, `output ${i}: off by ${worst}`);
      }
    });
});
