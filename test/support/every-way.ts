/**
 * Runs a network in every way there is and asserts what design.md promises: on one instruction set all modes, plans
 * and thread counts give the same bits, and they are the reference's numbers.
 */
import assert from 'node:assert/strict';
import { bytesOf, type Tensor } from '../../compiler/ir/tensor.ts';
import { choosePlan } from '../../runtime/format/choose.ts';
import type { Plan } from '../../runtime/format/format.ts';
import { NOT_PRIMED, primeSteps } from '../../runtime/format/prime.ts';
import type { LoadOptions } from '../../runtime/index.ts';
import { type Network, open, runTensors } from './network.ts';
import { runPoisoned } from './poison.ts';
import { assertClose } from './tensors.ts';

const hex = (outputs: ReadonlyMap<string, Tensor>): Record<string, string> =>
  Object.fromEntries([...outputs].map(([name, y]) => [name, Buffer.from(bytesOf(y)).toString('hex')]));

/** The ways to load a network: smallest, middle and largest plan, each mode that suits it, one thread and two, and with
 * the next run's first reads made in the run before. */
export function waysOf({ manifest }: Network): LoadOptions[] {
  const names = manifest.plans.map((plan) => plan.name);
  const chosen = new Set([names[0]!, names[Math.floor(names.length / 2)]!, names.at(-1)!]);
  const ways: LoadOptions[] = [];
  for (const plan of chosen)
    for (const mode of plan === 'resident' ? (['resident'] as const) : (['stream', 'sequential'] as const))
      for (const threads of [1, 2]) ways.push({ plan, mode, threads });
  for (const plan of chosen) if (plan !== 'resident') ways.push({ plan, mode: 'stream', prime: true });
  return ways;
}

/** Values as with mapped weights, and every segment at a place of its own, behind them, as in the mapping. */
function mappedApart({ manifest }: Network): Plan {
  const { plan } = choosePlan(manifest, { mode: 'mmap' });
  let end = plan.arenaBytes;
  const segmentOffsets = manifest.segments.map(({ byteLength }) => {
    end += byteLength;
    return end - byteLength;
  });
  return { ...plan, name: 'mapped', segmentOffsets, arenaBytes: end, peakBytes: end + manifest.fixedBytes };
}

export async function assertSameEveryWay(
  network: Network,
  inputs: ReadonlyMap<string, Tensor>,
  expected: ReadonlyMap<string, Tensor>,
  tolerance = 1e-5,
): Promise<void> {
  for (const deterministic of [true, false]) {
    let first: Record<string, string> | null = null;
    for (const way of waysOf(network)) {
      const model = await open(network, { ...way, deterministic });
      const what = `${JSON.stringify(way)} on ${model.isa}`;
      try {
        // The second run finds the arena as the first left it.
        for (let run = 0; run < 2; run++) {
          const outputs = await runTensors(model, inputs);
          for (const [name, y] of expected) assertClose(outputs.get(name)!, y, tolerance, `${name}, ${what}`);
          first ??= hex(outputs);
          assert.deepEqual(hex(outputs), first, `other bits: ${what}, run ${run}`);
        }
      } finally {
        await model.close();
      }
    }
    if (!deterministic) continue;
    for (const plan of [...network.manifest.plans, mappedApart(network)])
      for (const arrival of ['early', 'late'] as const) {
        const outputs = await runPoisoned(network, plan, inputs, arrival);
        assert.deepEqual(hex(outputs), first, `other bits when dead memory is NaN: ${plan.name}, ${arrival}`);
        const prime = primeSteps(network.manifest, { plan, issue: plan.issue }, false);
        if (prime.every((step) => step === NOT_PRIMED)) continue;
        const again = await runPoisoned(network, plan, inputs, arrival, prime);
        assert.deepEqual(hex(again), first, `other bits when primed: ${plan.name}, ${arrival}`);
      }
  }
}
