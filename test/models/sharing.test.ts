/**
 * Networks whose slots share memory, through the engine: what a network computes does not depend on what shares
 * memory, bit for bit, nor on what happens in the memory that no value needs.
 */
import assert from 'node:assert/strict';
import { bytesOf, type Tensor } from '../../compiler/ir/tensor.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { optimize } from '../../compiler/passes/index.ts';
import { partition } from '../../compiler/schedule/cut/partition.ts';
import { lowerGraph } from '../../compiler/schedule/lower/lower.ts';
import { branchingGraph } from '../support/branching.ts';
import { assertSameEveryWay } from '../support/every-way.ts';
import { compileInMemory, type Network, networkOf, open, runTensors } from '../support/network.ts';
import { runPoisoned } from '../support/poison.ts';
import { assertClose, randomInputs } from '../support/tensors.ts';

const TARGET = 8192;
const IN_EVERY_WAY = 12;
const POISONED = 120;

const hexOf = (outputs: ReadonlyMap<string, Tensor>): string[] =>
  [...outputs.values()].map((y) => Buffer.from(bytesOf(y)).toString('hex'));

async function once(network: Network, inputs: ReadonlyMap<string, Tensor>): Promise<string[]> {
  const model = await open(network, { deterministic: true, mode: 'resident' });
  try {
    return hexOf(await runTensors(model, inputs));
  } finally {
    await model.close();
  }
}

const partsOf = ({ schedule }: Network) =>
  schedule.slots.flatMap((slot) => (slot && slot.kind !== 'weight' && slot.within ? [slot.within] : []));

describe('networks that share memory', () => {
  it('in every way', async () => {
    for (let seed = 1; seed <= IN_EVERY_WAY; seed++) {
      const graph = branchingGraph(seed);
      const inputs = randomInputs(graph, seed);
      const network = await compileInMemory(graph, { target: TARGET });
      await assertSameEveryWay(network, inputs, interpret(graph, inputs)).catch((error: Error) => {
        error.message = `seed ${seed}: ${error.message}`;
        throw error;
      });
    }
  });

  it('as without sharing, with dead memory overwritten', async () => {
    const seen = { rows: 0, parts: 0, successors: 0, fewer: 0 };
    for (let seed = 101; seed <= 100 + POISONED; seed++) {
      const graph = branchingGraph(seed);
      const inputs = randomInputs(graph, seed);
      const lowering = lowerGraph(optimize(graph));
      const plain = await networkOf(partition(lowering, TARGET));
      const network = await compileInMemory(graph, { target: TARGET });
      const expected = await once(plain, inputs);
      const outputs = await runPoisoned(network, network.manifest.plans[0]!, inputs, 'late');
      for (const [name, y] of interpret(graph, inputs))
        assertClose(outputs.get(name)!, y, 1e-5, `seed ${seed}, ${name}`);
      assert.deepEqual(hexOf(outputs), expected, `seed ${seed}`);
      for (const { rows, as } of partsOf(network)) {
        seen.rows += rows ? 1 : 0;
        seen[as === 'part' ? 'parts' : 'successors']++;
      }
      if (network.schedule.steps.length < plain.schedule.steps.length) seen.fewer++;
    }
    for (const [what, count] of Object.entries(seen)) assert.ok(count > POISONED / 8, `${what}: ${count}`);
  });
});
