/** Products, shared weights, and networks of many layers streamed in the engine. */
import assert from 'node:assert/strict';
import {
  add,
  batchNorm,
  conv2d,
  convTranspose2d,
  defineModel,
  dense,
  depthwiseConv2d,
  embedding,
  gather,
  gelu,
  globalAveragePool,
  groupNorm,
  hardSwish,
  instanceNorm,
  layerNorm,
  leakyRelu,
  matmul,
  maxPool2d,
  mul,
  parameter,
  relu,
  relu6,
  reshape,
  resize,
  rmsNorm,
  shared,
  sigmoid,
  type Tensor,
  tensor,
} from 'millrace';
import { assertNear, checkStreamed, input, valuesOf } from './run-layer.ts';

const pairs = input([2, 2], [1, 2, 3, 4]);

describe('layers: products', () => {
  it('dense, matmul, embedding, gather', () => {
    const weights = { 'dense.weight': [1, 2, 3, 4, 5, 6], 'dense.bias': [0, 0, 1] };
    assertNear(
      valuesOf(pairs, (x) => dense(x, { units: 3 }), weights),
      [5, 11, 18, 11, 25, 40],
    );
    assertNear(
      valuesOf(pairs, (x) => matmul(x, x)),
      [7, 10, 15, 22],
    );
    assertNear(
      valuesOf(pairs, (x) => matmul(x, x, { transA: true })),
      [10, 14, 14, 20],
    );
    const table = { 'embedding.weight': [1, 2, 3, 4, 5, 6] };
    const ids = { dtype: 'int64' as const, shape: [3] as const, values: [2, 0, 2] };
    assertNear(
      valuesOf(ids, (x) => embedding(x, { entries: 3, units: 2 }), table),
      [5, 6, 1, 2, 5, 6],
    );
    assertNear(
      valuesOf(ids, (x) => gather(parameter('t', [3]), x), { t: [7, 8, 9] }),
      [9, 7, 9],
    );
  });

  it('tied weights are one parameter', () => {
    const model = defineModel('tied', { ids: tensor('int64', [1, 4]) }, ({ ids }) => {
      const weight = parameter('wte.weight', [11, 6]);
      const x = embedding(ids, { entries: 11, units: 6, weight });
      return { logits: dense(x, { units: 11, weight, bias: false }) };
    });
    assert.deepEqual(
      model.parameters.map(({ name }) => name),
      ['wte.weight'],
    );
    assert.deepEqual(model.outputs.logits.shape, [1, 4, 11]);
  });

  it('shared blocks use the same parameters', () => {
    const model = defineModel(
      'twins',
      { a: tensor('float32', [1, 3]), b: tensor('float32', [2, 3]) },
      ({ a, b }) => {
        const tower = shared('tower', <S extends [number, number]>(x: Tensor<'float32', S>) =>
          relu(dense(x, { units: 4 })),
        );
        return { a: tower(a), b: tower(b), c: dense(a, { units: 4 }) };
      },
    );
    assert.deepEqual(
      model.parameters.map(({ name }) => name),
      ['tower.dense.weight', 'tower.dense.bias', 'dense.weight', 'dense.bias'],
    );
    assert.throws(
      () =>
        defineModel('wrong', { a: tensor('float32', [1, 3]), b: tensor('float32', [1, 5]) }, ({ a, b }) => {
          const tower = shared('tower', <S extends [number, number]>(x: Tensor<'float32', S>) =>
            dense(x, { units: 4 }),
          );
          return { a: tower(a), b: tower(b) };
        }),
      /tower.dense.weight: is shared by two shapes/,
    );
  });
});

describe('layers: streamed', () => {
  it('a network of all kinds of windows', async () => {
    await checkStreamed(
      defineModel('windows', { image: tensor('float32', [1, 17, 19, 3]) }, ({ image }) => {
        const stem = hardSwish(batchNorm(conv2d(image, { filters: 24, kernel: 3, stride: 2, padding: 1 })));
        const deep = relu6(depthwiseConv2d(stem, { kernel: 5, padding: 'same' }));
        const gate = sigmoid(dense(globalAveragePool(deep), { units: 24 }));
        const gated = mul(deep, reshape(gate, [1, 1, 1, 24]));
        const pooled = maxPool2d(groupNorm(gated, { groups: 4 }), { kernel: 2, ceil: true });
        const up = convTranspose2d(pooled, { filters: 8, kernel: 4, stride: 2, padding: 'same' });
        const mask = conv2d(leakyRelu(instanceNorm(up)), { filters: 2, kernel: 1, groups: 2 });
        return { mask: resize(mask, { size: [17, 19], mode: 'linear' }), pooled, gate };
      }),
    );
  });

  it('a decoder with tied weights', async () => {
    await checkStreamed(
      defineModel('decoder', { ids: tensor('int64', [1, 6]) }, ({ ids }) => {
        const weight = parameter('wte.weight', [37, 32]);
        const x = embedding(ids, { entries: 37, units: 32, weight });
        const y = add(x, dense(gelu(dense(layerNorm(x), { units: 64 })), { units: 32 }));
        return { logits: dense(rmsNorm(y), { units: 37, weight, bias: false }) };
      }),
    );
  });
});
