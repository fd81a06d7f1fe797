/** Runs networks of a layer or two: by the reference, and compiled, from a bundle that is streamed. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AnyTensor, compile, defineModel, type Model, type Port } from 'millrace';
import type { Tensor } from '../../../compiler/ir/tensor.ts';
import { fromNumbers, toNumbers } from '../../../compiler/ir/tensor.ts';
import { interpret } from '../../../compiler/ops/constants/interpret.ts';
import { load } from '../../../runtime/node.ts';
import { assertClose, randomInputs } from '../../support/tensors.ts';

type Weights = Readonly<Record<string, readonly number[]>>;

const arrays = (weights: Weights): Record<string, Float32Array> =>
  Object.fromEntries(Object.entries(weights).map(([name, values]) => [name, Float32Array.from(values)]));

/** The numbers of one output of a network of one input. */
export function valuesOf<D extends Port['dtype'], S extends readonly number[]>(
  input: Port<D, S> & { readonly values: readonly number[] },
  body: (x: import('millrace').Tensor<D, S>) => AnyTensor,
  weights: Weights = {},
): number[] {
  const { dtype, shape, values } = input;
  const model = defineModel('layer', { x: { dtype, shape } }, ({ x }) => ({ y: body(x) }), {
    weights: arrays(weights),
  });
  const outputs = interpret(model.graph, new Map([['x', fromNumbers({ dtype, shape }, values)]]));
  return toNumbers(outputs.get('y')!);
}

/** A float32 input of these numbers. */
export const input = <const S extends readonly number[]>(shape: S, values: readonly number[]) => ({
  dtype: 'float32' as const,
  shape,
  values,
});

export const assertNear = (
  actual: readonly number[],
  expected: readonly number[],
  tolerance = 1e-5,
): void => {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    const e = expected[i]!;
    assert.ok(
      Math.abs(value - e) <= tolerance * Math.max(1, Math.abs(e)),
      `element ${i}: ${value}, expected ${e}`,
    );
  });
};

/** Compiles, streams and compares with the reference; nothing may be left to the host. */
export async function checkStreamed(model: Model, seed = 1, tolerance = 2e-5): Promise<void> {
  const bundle = await compile(model);
  const hosted = bundle.schedule.steps.flatMap(({ action }) => (action.kind === 'host' ? [action.op] : []));
  assert.deepEqual(hosted, []);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-layer-'));
  try {
    const inputs = randomInputs(model.graph, seed);
    const expected = interpret(model.graph, inputs);
    await bundle.write(folder);
    await using loaded = await load(folder, { engine: 'wasm', mode: 'stream' });
    const given = Object.fromEntries([...inputs].map(([name, { data }]) => [name, data]));
    const actual = await loaded.run(given);
    for (const [name, tensor] of expected) {
      const data = actual[name] as Tensor['data'];
      assertClose({ type: tensor.type, data }, tensor, tolerance, name);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
