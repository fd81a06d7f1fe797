/** Whole networks, defined and imported: the reference's numbers, in every mode, plan and number of threads. */

import type { Model } from '../../compiler/index.ts';
import { interpret } from '../../compiler/ops/interpret.ts';
import { assertSameEveryWay } from '../support/every-way.ts';
import { compileInMemory } from '../support/network.ts';
import { networks } from '../support/networks.ts';
import { randomGraph } from '../support/random-graph.ts';
import { randomInputs } from '../support/tensors.ts';

const RANDOM = 24;

async function check({ graph }: Pick<Model, 'graph'>, target: number): Promise<void> {
  const inputs = randomInputs(graph, 7);
  const network = await compileInMemory(graph, { target });
  await assertSameEveryWay(network, inputs, interpret(graph, inputs));
}

describe('networks', () => {
  for (const [name, make] of Object.entries(networks)) it(name, () => check(make(), 8192));

  for (let first = 1; first <= RANDOM; first += 8)
    it(`random, seeds ${first} to ${first + 7}`, async () => {
      for (let seed = first; seed < first + 8; seed++)
        await check({ graph: randomGraph(seed) }, 4096).catch((error: Error) => {
          error.message = `seed ${seed}: ${error.message}`;
          throw error;
        });
    });
});
