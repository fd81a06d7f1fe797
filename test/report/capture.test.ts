/** Capture: what a run of the engine makes use of, against what was planned. */

import assert from 'node:assert/strict';
import type { GraphBuilder } from '../../compiler/ir/builder.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { bytesOf, type Tensor } from '../../compiler/ir/tensor.ts';
import { readLifetimes } from '../../compiler/memory/csv.ts';
import { graphBuilder } from '../../compiler/ops/index.ts';
import { captureRun } from '../../compiler/report/capture.ts';
import { captureCsv, compareWithPlan } from '../../compiler/report/capture-check.ts';
import type { Plan } from '../../runtime/format/format.ts';
import { compileInMemory, type Network } from '../support/network.ts';
import { networks } from '../support/networks.ts';
import { Draw, makers } from '../support/op-cases.ts';
import { randomGraph } from '../support/random-graph.ts';
import { randomInputs } from '../support/tensors.ts';

const RANDOM = 30;
const CASES = 4;

async function capture(
  { manifest, parts }: Network,
  graph: Graph,
  plan: Plan,
  given = randomInputs(graph, 7),
) {
  const inputs = Object.fromEntries([...given].map(([name, tensor]) => [name, bytesOf(tensor)]));
  return captureRun({
    manifest,
    plan,
    executor: await parts.executor(() => {}),
    engine: await parts.engine('engine.wasm'),
    source: await parts.weights('file'),
    inputs,
  });
}

async function assertCovered(graph: Graph, given?: Map<string, Tensor>): Promise<void> {
  const network = await compileInMemory(graph, { target: 8192 });
  const { plans } = network.manifest;
  for (const plan of new Set([plans[0]!, plans.at(-1)!]))
    assert.deepEqual(compareWithPlan(await capture(network, graph, plan, given), network.manifest, plan), []);
}

describe('the static plan covers exactly what is captured', () => {
  for (const [name, make] of Object.entries(networks)) it(name, () => assertCovered(make().graph));
  it('every op with a kernel', async () => {
    for (const [op, make] of Object.entries(makers)) {
      const draw = new Draw(7);
      const builder: GraphBuilder = graphBuilder(op);
      const inputs = new Map<string, Tensor>();
      for (let i = 0; i < CASES; i++) {
        const one = make(draw);
        const ids = one.inputs.map((input, j) => {
          if (input === null) return null;
          if (one.constants.includes(j))
            return builder.constant(`c${i}.${j}`, input.type, { kind: 'inline', bytes: bytesOf(input) });
          inputs.set(`x${i}.${j}`, input);
          return builder.input(`x${i}.${j}`, input.type);
        });
        for (const [j, id] of builder.node(op, ids, one.attrs, `case${i}`).entries())
          builder.output(`y${i}.${j}`, id);
      }
      try {
        await assertCovered(builder.build(), inputs);
      } catch (error) {
        throw new Error(`${op}: ${(error as Error).message}`, { cause: error });
      }
    }
  });

  it('the scratch of a recurrence', async () => {
    const builder = graphBuilder('lstm');
    const f32 = (...shape: number[]) => ({ dtype: 'float32', shape }) as const;
    const constant = (name: string, ...shape: number[]) => {
      const bytes = new Uint8Array(4 * shape.reduce((a, b) => a * b));
      return builder.constant(name, f32(...shape), { kind: 'inline', bytes });
    };
    const x = builder.input('x', f32(2, 7, 3));
    const [y] = builder.node('lstm', [x, constant('w', 20, 3), constant('r', 20, 5)], {}, 'l');
    builder.output('y', y!);
    const graph = builder.build();
    const network = await compileInMemory(graph);
    const { manifest } = network;
    const plan = manifest.plans[0]!;
    const allocations = await capture(network, graph, plan);
    assert.deepEqual(compareWithPlan(allocations, manifest, plan), []);
    const scratch = allocations.filter(({ kind }) => kind === 'scratch');
    const gates = scratch.find(({ chain }) => chain.at(-1) === 'gates')!;
    assert.equal(gates.byteLength, 4 * 2 * 4 * 5);
    assert.equal(gates.end - gates.start, 1);
  });

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
