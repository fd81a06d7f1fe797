/** Activations that the importer puts together from others: expected values from their definitions. */
import assert from 'node:assert/strict';
import { tensor } from '../ops/run-op.ts';
import type { attributes } from './make-model.ts';
import { initializer, node } from './make-model.ts';
import { one, runParts } from './run-model.ts';

const near = (got: readonly number[], expected: readonly number[]): void => {
  assert.equal(got.length, expected.length);
  for (const [i, y] of expected.entries())
    assert.ok(Math.abs(got[i]! - y) < 1e-6, `${got} is not ${expected}`);
};

const cases: readonly [
  op: string,
  opset: number,
  values: Parameters<typeof attributes>[0],
  x: number[],
  y: number[],
][] = [
  ['Selu', 7, { alpha: { f: 2 }, gamma: { f: 3 } }, [-Math.LN2, 2], [-3, 6]],
  ['Selu', 22, {}, [-Math.LN2, 1], [-0.8790496746, 1.0507009874]],
  ['ThresholdedRelu', 10, {}, [-2, 1, 1.5], [0, 0, 1.5]],
  ['ThresholdedRelu', 22, { alpha: -1.5 }, [-2, -1, 1.5], [0, -1, 1.5]],
  ['Shrink', 9, { lambd: 1.5, bias: { f: 1 } }, [-2, -1, 0, 1, 2], [-1, 0, 0, 0, 1]],
  ['Shrink', 9, {}, [-2, -0.25, 1], [-2, 0, 1]],
  ['Softsign', 7, {}, [-1, 0, 3], [-0.5, 0, 0.75]],
];

describe('activations put together', () => {
  for (const [op, opset, values, x, y] of cases)
    it(`${op} ${JSON.stringify(values)}`, async () => {
      near((await one(opset, op, tensor([x.length], x), values)).values, y);
    });

  it('of com.microsoft', async () => {
    const x = tensor([2], [Math.log(3), -1]);
    const run = async (op: string, values = {}, bias?: number[]) => {
      const [result] = await runParts(
        {
          nodes: [{ ...node(op, bias ? ['x', 'b'] : ['x'], ['y'], values), domain: 'com.microsoft' }],
          inputs: { x: [2] },
          outputs: ['y'],
          ...(bias ? { initializers: [initializer('b', tensor([2], bias))] } : {}),
        },
        { x },
      );
      return result!.values;
    };
    near(await run('QuickGelu', { alpha: { f: 1 } }), [0.75 * Math.log(3), -0.2689414214]);
    near(await run('QuickGelu', { alpha: { f: 2 } }), [0.9 * Math.log(3), -0.119202922]);
    near((await run('Gelu')).slice(1), [-0.15865525]);
    near((await run('BiasGelu', {}, [0, 2])).slice(1), [0.84134475]);
    near((await run('FastGelu', {}, [0, 2])).slice(1), [0.84119199]);
  });
});

describe('powers of integers', () => {
  it('by fractions', async () => {
    const exponent = [initializer('e', tensor([2], [0.5, -1]))];
    assert.deepEqual((await one(15, 'Pow', tensor([2], [9, 2], 'int32'), {}, exponent)).values, [3, 0]);
  });
});

describe('pooling of eight bits', () => {
  it('takes the largest, as its own type', async () => {
    for (const dtype of ['int8', 'uint8'] as const) {
      const x = tensor([1, 1, 4], [1, 100, 7, 3], dtype);
      const pooled = await one(22, 'MaxPool', x, { kernel_shape: [2], strides: [2] });
      assert.deepEqual(pooled, { shape: [1, 1, 2], values: [100, 7] });
    }
  });
});
