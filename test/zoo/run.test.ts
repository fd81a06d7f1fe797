/** The smaller networks of the zoo, compiled and streamed in the least memory: the reference's numbers. */
import assert from 'node:assert/strict';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { zoo } from '../../examples/zoo/index.ts';
import { compileInMemory, open, runTensors } from '../support/network.ts';
import { assertClose, randomInputs } from '../support/tensors.ts';

describe('zoo: compiled, streamed and compared', () => {
  for (const name of ['lenet', 'wavenet', 'mobilenet_v3_small', 'squeezenet1_1'])
    it(name, async () => {
      const { graph } = zoo[name]!.model();
      const inputs = randomInputs(graph, 7);
      const network = await compileInMemory(graph);
      const model = await open(network, { mode: 'stream', plan: network.manifest.plans[0]!.name });
      try {
        const outputs = await runTensors(model, inputs);
        for (const [output, expected] of interpret(graph, inputs)) {
          assert.ok(toNumbers(expected).every(Number.isFinite), output);
          assertClose(outputs.get(output)!, expected, 1e-5, output);
        }
      } finally {
        await model.close();
      }
    });
});
