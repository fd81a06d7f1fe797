/** Whole networks, defined and imported: the reference's numbers, in every mode, plan and number of threads. */

import assert from 'node:assert/strict';
import type { Model } from '../../compiler/index.ts';
import { bytesOf } from '../../compiler/ir/tensor.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { assertSameEveryWay } from '../support/every-way.ts';
import { compileInMemory } from '../support/network.ts';
import { networks } from '../support/networks.ts';
import { runPoisoned } from '../support/poison.ts';
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

  it('a read that starts too early is noticed', async () => {
    const { graph } = networks['residual']!();
    const inputs = randomInputs(graph, 7);
    const network = await compileInMemory(graph, { target: 8192 });
    const plan = network.manifest.plans[0]!;
    const right = await runPoisoned(network, plan, inputs, 'early');
    let noticed = 0;
    const early = plan.issue.flatMap((step, s) => (step >= 0 ? [s] : []));
    for (const s of early) {
      // One step too early, where the plan says the bytes are still those of something else.
      const issue = plan.issue.with(s, plan.issue[s]! - 1);
      const wrong = await runPoisoned(network, { ...plan, issue }, inputs, 'late').catch(() => null);
      if (wrong === null || !Buffer.from(bytesOf(wrong.get('logits')!)).equals(bytesOf(right.get('logits')!)))
        noticed++;
    }
    assert.ok(noticed > early.length / 2, `${noticed} of ${early.length}`);
  });

  for (let first = 1; first <= RANDOM; first += 8)
    it(`random, seeds ${first} to ${first + 7}`, async () => {
      for (let seed = first; seed < first + 8; seed++)
        await check({ graph: randomGraph(seed) }, 4096).catch((error: Error) => {
          error.message = `seed ${seed}: ${error.message}`;
          throw error;
        });
    });
});
