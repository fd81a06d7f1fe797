/** Capture: what a run of the engine makes use of, against what was planned. */
import assert from 'node:assert/strict';
import type { Graph } from '../../compiler/ir/graph.ts';
import { bytesOf } from '../../compiler/ir/tensor.ts';
import { readLifetimes } from '../../compiler/memory/csv.ts';
import { captureRun } from '../../compiler/report/capture.ts';
import { captureCsv, compareWithPlan } from '../../compiler/report/capture-check.ts';
import type { Plan } from '../../runtime/bundle/format.ts';
import { compileInMemory, type Network } from '../support/network.ts';
import { networks } from '../support/networks.ts';
import { randomGraph } from '../support/random-graph.ts';
import { randomInputs } from '../support/tensors.ts';

const RANDOM = 30;

async function capture({ manifest, parts }: Network, graph: Graph, plan: Plan) {
  const inputs = Object.fromEntries(
    [...randomInputs(graph, 7)].map(([name, tensor]) => [name, bytesOf(tensor)]),
  );
  return captureRun({
    manifest,
    plan,
    executor: await parts.executor(),
    engine: await parts.engine('engine.wasm'),
    source: await parts.weights('file'),
    inputs,
  });
}

async function assertCovered(graph: Graph): Promise<void> {
  const network = await compileInMemory(graph, { target: 8192 });
  const { plans } = network.manifest;
  for (const plan of new Set([plans[0]!, plans.at(-1)!]))
    assert.deepEqual(compareWithPlan(await capture(network, graph, plan), network.manifest, plan), []);
}

describe('the static plan covers exactly what is captured', () => {
  for (const [name, make] of Object.entries(networks)) it(name, () => assertCovered(make().graph));
  it(`${RANDOM} random graphs`, async () => {
    for (let seed = 0; seed < RANDOM; seed++)
      try {
        await assertCovered(randomGraph(seed));
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
  });
});

describe('a capture', () => {
  it('names the operator, the chain of calls and the scratch, and is a table that can be planned', async () => {
    const { graph } = networks['residual']!();
    const network = await compileInMemory(graph, { target: 8192 });
    const plan = network.manifest.plans[0]!;
    const allocations = await capture(network, graph, plan);
    const text = captureCsv(allocations);
    assert.match(text, /^id,lower,upper,size,op,chain\n/);
    assert.match(text, /,conv,[^,]+ > step \d+ > f32-conv > y\n/);
    assert.match(text, /,input,input > /);
    assert.equal(readLifetimes(text, 'capture.csv').intervals.length, allocations.length);
    const streamed = allocations.filter(({ kind }) => kind === 'weights');
    assert.equal(streamed.length, network.manifest.segments.length);
  });

  it('differs from a plan that is wrong', async () => {
    const { graph } = networks['residual']!();
    const network = await compileInMemory(graph, { target: 8192 });
    const { manifest } = network;
    const plan = manifest.plans[0]!;
    const allocations = await capture(network, graph, plan);
    const differs = (change: Partial<(typeof manifest.lifetimes)[number]>, at: number): number => {
      const lifetimes = manifest.lifetimes.map((one, i) => (i === at ? { ...one, ...change } : one));
      return compareWithPlan(allocations, { ...manifest, lifetimes }, plan).length;
    };
    const { byteLength, start, end } = manifest.lifetimes[1]!;
    assert.ok(differs({ byteLength: byteLength - 4 }, 1) > 0);
    assert.ok(differs({ start: start + 1 }, 1) > 0);
    assert.ok(differs({ end: end - 1 }, 1) > 0);
    const more = [...manifest.lifetimes, { ...manifest.lifetimes[0]!, value: 0 }];
    assert.equal(compareWithPlan(allocations, { ...manifest, lifetimes: more }, plan).length, 1);
    assert.ok(compareWithPlan(allocations.slice(1), manifest, plan).length > 0);
  });
});
