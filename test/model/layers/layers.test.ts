/** Every layer with numbers worked out by hand, and blocks of them streamed in the engine. */
import assert from 'node:assert/strict';
import {
  abs,
  add,
  averagePool2d,
  batchNorm,
  ceil,
  clip,
  concat,
  conv1d,
  conv2d,
  convTranspose2d,
  defineModel,
  dense,
  depthToSpace,
  depthwiseConv2d,
  div,
  elu,
  embedding,
  exp,
  expand,
  flatten,
  floor,
  gather,
  gelu,
  globalAveragePool,
  globalMaxPool,
  groupNorm,
  hardSigmoid,
  hardSwish,
  instanceNorm,
  layerNorm,
  leakyRelu,
  localResponseNorm,
  log,
  logSoftmax,
  matmul,
  maximum,
  maxPool1d,
  maxPool2d,
  minimum,
  mish,
  mul,
  narrow,
  neg,
  pad,
  parameter,
  pow,
  reciprocal,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceSum,
  relu,
  relu6,
  reshape,
  resize,
  rmsNorm,
  shared,
  sigmoid,
  silu,
  slice,
  softmax,
  softplus,
  spaceToDepth,
  split,
  sqrt,
  squeeze,
  sub,
  type Tensor,
  tanh,
  tensor,
  transpose,
  unsqueeze,
} from 'millrace';
import { assertNear, checkStreamed, input, valuesOf } from './run-layer.ts';

const four = input([1, 2, 2, 1], [1, 2, 3, 4]);
const pairs = input([2, 2], [1, 2, 3, 4]);
const signs = input([1, 4], [-2, -1, 0, 3]);

describe('layers: windows', () => {
  it('convolutions', () => {
    const weights = { 'conv.weight': [1, 10, 100, 1000], 'conv.bias': [0.5] };
    assertNear(
      valuesOf(four, (x) => conv2d(x, { filters: 1, kernel: 2 }), weights),
      [4321.5],
    );
    const same = valuesOf(four, (x) => conv2d(x, { filters: 1, kernel: 2, padding: 'same' }), weights);
    assertNear(same, [4321.5, 402.5, 43.5, 4.5]);
    const strided = { filters: 1, kernel: 2, stride: 2, padding: [1, 1, 0, 0] } as const;
    assertNear(
      valuesOf(four, (x) => conv2d(x, strided), weights),
      [1000.5],
    );
    const line = input([1, 3, 1], [1, 2, 3]);
    const taps = { 'conv.weight': [1, 10], 'conv.bias': [0] };
    assertNear(
      valuesOf(line, (x) => conv1d(x, { filters: 1, kernel: 2 }), taps),
      [21, 32],
    );
    assertNear(
      valuesOf(line, (x) => conv1d(x, { filters: 1, kernel: 2, dilation: 2 }), taps),
      [31],
    );
    const depth = { 'depthwise.weight': [2, 3] };
    const two = input([1, 1, 1, 2], [5, 7]);
    assertNear(
      valuesOf(two, (x) => depthwiseConv2d(x, { kernel: 1, bias: false }), depth),
      [10, 21],
    );
    const up = { 'convTranspose.weight': [1, 10, 100, 1000] };
    const one = input([1, 1, 1, 1], [2]);
    assertNear(
      valuesOf(one, (x) => convTranspose2d(x, { filters: 1, kernel: 2, bias: false }), up),
      [2, 20, 200, 2000],
    );
  });

  it('pools and resizing', () => {
    assertNear(
      valuesOf(four, (x) => maxPool2d(x, { kernel: 2 })),
      [4],
    );
    assertNear(
      valuesOf(four, (x) => averagePool2d(x, { kernel: 2 })),
      [2.5],
    );
    const around = { kernel: 2, stride: 2, padding: 1 } as const;
    assertNear(
      valuesOf(four, (x) => averagePool2d(x, around)),
      [1, 2, 3, 4],
    );
    const counted = { ...around, includePadding: true } as const;
    assertNear(
      valuesOf(four, (x) => averagePool2d(x, counted)),
      [0.25, 0.5, 0.75, 1],
    );
    assertNear(
      valuesOf(input([1, 3, 1], [1, 3, 2]), (x) => maxPool1d(x, { kernel: 2, stride: 1 })),
      [3, 3],
    );
    assertNear(
      valuesOf(four, (x) => globalAveragePool(x)),
      [2.5],
    );
    assertNear(
      valuesOf(four, (x) => globalMaxPool(x, { keepDims: true })),
      [4],
    );
    assertNear(
      valuesOf(four, (x) => resize(x, { size: [2, 4] })),
      [1, 1, 2, 2, 3, 3, 4, 4],
    );
    const corners = { size: [3, 3], mode: 'linear', coordinates: 'align_corners' } as const;
    assertNear(
      valuesOf(four, (x) => resize(x, corners)),
      [1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4],
    );
  });
});

describe('layers: normalisation', () => {
  it('by stored statistics', () => {
    const weights = {
      'batchNorm.weight': [2, 3],
      'batchNorm.bias': [1, 0],
      'batchNorm.running_mean': [1, 2],
      'batchNorm.running_var': [4, 1],
    };
    assertNear(
      valuesOf(pairs, (x) => batchNorm(x, { epsilon: 0 }), weights),
      [1, 0, 3, 6],
    );
  });

  it('by those of the row, the image, the group, the neighbours', () => {
    const u = 1 / Math.sqrt(1.25);
    const row = input([1, 4], [1, 2, 3, 4]);
    assertNear(
      valuesOf(row, (x) => layerNorm(x, { epsilon: 0 })),
      [-1.5 * u, -0.5 * u, 0.5 * u, 1.5 * u],
    );
    const root = Math.sqrt(7.5);
    assertNear(
      valuesOf(row, (x) => rmsNorm(x, { epsilon: 0 })),
      [1 / root, 2 / root, 3 / root, 4 / root],
    );
    const image = input([1, 4, 1, 1], [1, 2, 3, 4]);
    assertNear(
      valuesOf(image, (x) => instanceNorm(x, { epsilon: 0 })),
      [-1.5 * u, -0.5 * u, 0.5 * u, 1.5 * u],
    );
    // Two pixels of four channels; the groups are 1 2 1 2 and 10 30 10 30.
    const grouped = input([1, 2, 1, 4], [1, 2, 10, 30, 1, 2, 10, 30]);
    assertNear(
      valuesOf(grouped, (x) => groupNorm(x, { groups: 2, epsilon: 0 })),
      [-1, 1, -1, 1, -1, 1, -1, 1],
    );
    const response = localResponse(2);
    assertNear(
      valuesOf(input([1, 1, 1, 1], [2]), (x) => localResponseNorm(x, { size: 1, alpha: 1, beta: 1 })),
      [response],
    );
  });
});
const localResponse = (x: number): number => x / (1 + x * x);

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

describe('layers: one element at a time', () => {
  const [a, b, , d] = [-2, -1, 0, 3];
  const s = (x: number): number => 1 / (1 + Math.exp(-x));
  const of = (f: (x: number) => number): number[] => [a, b, 0, d].map(f);

  it('activations', () => {
    assertNear(
      valuesOf(signs, relu),
      of((x) => Math.max(x, 0)),
    );
    assertNear(
      valuesOf(signs, relu6),
      of((x) => Math.max(x, 0)),
    );
    assertNear(
      valuesOf(signs, (x) => clip(x, -1, 2)),
      [-1, -1, 0, 2],
    );
    assertNear(
      valuesOf(signs, (x) => leakyRelu(x, 0.5)),
      [-1, -0.5, 0, 3],
    );
    assertNear(
      valuesOf(signs, (x) => elu(x, 2)),
      of((x) => (x < 0 ? 2 * Math.expm1(x) : x)),
    );
    assertNear(valuesOf(signs, sigmoid), of(s));
    assertNear(valuesOf(signs, hardSigmoid), [1 / 6, 1 / 3, 0.5, 1]);
    assertNear(valuesOf(signs, hardSwish), [-1 / 3, -1 / 3, 0, 3]);
    assertNear(valuesOf(signs, tanh), of(Math.tanh));
    assertNear(
      valuesOf(signs, silu),
      of((x) => x * s(x)),
    );
    assertNear(
      valuesOf(signs, mish),
      of((x) => x * Math.tanh(Math.log1p(Math.exp(x)))),
    );
    assertNear(
      valuesOf(signs, softplus),
      of((x) => Math.log1p(Math.exp(x))),
    );
    const cubic = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    assertNear(
      valuesOf(signs, (x) => gelu(x, 'tanh')),
      of(cubic),
    );
    assertNear(
      valuesOf(signs, (x) => gelu(x)),
      of(cubic),
      1e-3,
    );
    assertNear(valuesOf(signs, exp), of(Math.exp));
    assertNear(valuesOf(signs, abs), of(Math.abs));
    assertNear(
      valuesOf(signs, neg),
      of((x) => -x),
    );
    assertNear(valuesOf(pairs, log), [1, 2, 3, 4].map(Math.log));
    assertNear(valuesOf(pairs, sqrt), [1, 2, 3, 4].map(Math.sqrt));
    assertNear(valuesOf(pairs, reciprocal), [1, 1 / 2, 1 / 3, 1 / 4]);
    assertNear(valuesOf(input([2], [1.5, -1.5]), floor), [1, -2]);
    assertNear(valuesOf(input([2], [1.5, -1.5]), ceil), [2, -1]);
  });

  it('arithmetic', () => {
    assertNear(
      valuesOf(pairs, (x) => add(x, x)),
      [2, 4, 6, 8],
    );
    assertNear(
      valuesOf(pairs, (x) => sub(10, x)),
      [9, 8, 7, 6],
    );
    assertNear(
      valuesOf(pairs, (x) => mul(x, 3)),
      [3, 6, 9, 12],
    );
    assertNear(
      valuesOf(pairs, (x) => div(x, reduceMax(x, 1))),
      [0.5, 1, 0.75, 1],
    );
    assertNear(
      valuesOf(pairs, (x) => pow(x, 2)),
      [1, 4, 9, 16],
    );
    assertNear(
      valuesOf(pairs, (x) => minimum(x, 2)),
      [1, 2, 2, 2],
    );
    assertNear(
      valuesOf(pairs, (x) => maximum(x, 3)),
      [3, 3, 3, 4],
    );
  });

  it('reductions and softmax', () => {
    assertNear(
      valuesOf(pairs, (x) => reduceSum(x, 0)),
      [4, 6],
    );
    assertNear(
      valuesOf(pairs, (x) => reduceMean(x, -1)),
      [1.5, 3.5],
    );
    assertNear(
      valuesOf(pairs, (x) => reduceMin(x, [0, 1], { keepDims: false })),
      [1],
    );
    const e = Math.E;
    assertNear(
      valuesOf(pairs, (x) => softmax(x)),
      [1 / (1 + e), e / (1 + e), 1 / (1 + e), e / (1 + e)],
    );
    assertNear(
      valuesOf(pairs, (x) => softmax(x, 0)),
      [s(-2), s(-2), s(2), s(2)],
    );
    assertNear(
      valuesOf(pairs, (x) => logSoftmax(x)),
      [Math.log(s(-1)), Math.log(s(1)), Math.log(s(-1)), Math.log(s(1))],
    );
  });
});

describe('layers: movement', () => {
  it('moves what it says', () => {
    assert.deepEqual(
      valuesOf(pairs, (x) => concat([x, x], 0)),
      [1, 2, 3, 4, 1, 2, 3, 4],
    );
    assert.deepEqual(
      valuesOf(pairs, (x) => concat([x, x])),
      [1, 2, 1, 2, 3, 4, 3, 4],
    );
    assert.deepEqual(
      valuesOf(pairs, (x) => split(x, 2)[1]),
      [2, 4],
    );
    assert.deepEqual(
      valuesOf(pairs, (x) => split(x, [1, 1], 0)[1]),
      [3, 4],
    );
    assert.deepEqual(
      valuesOf(pairs, (x) => narrow(x, 0, 1, 1)),
      [3, 4],
    );
    assert.deepEqual(
      valuesOf(pairs, (x) => slice(x, [0, 1], [2, 2], [1, -1])),
      [2, 1, 4, 3],
    );
    assert.deepEqual(
      valuesOf(pairs, (x) => pad(x, [0, 1, 0, 0], { value: 9 })),
      [9, 1, 2, 9, 3, 4],
    );
    assert.deepEqual(
      valuesOf(pairs, (x) => pad(x, [0, 1, 0, 0], { mode: 'edge' })),
      [1, 1, 2, 3, 3, 4],
    );
    assert.deepEqual(
      valuesOf(pairs, (x) => transpose(x, [1, 0])),
      [1, 3, 2, 4],
    );
    assert.deepEqual(
      valuesOf(pairs, (x) => transpose(x, [-1, 0])),
      [1, 3, 2, 4],
    );
    assert.deepEqual(
      valuesOf(pairs, (x) => flatten(unsqueeze(squeeze(reshape(x, [1, -1]), 0), 0))),
      [1, 2, 3, 4],
    );
    assert.deepEqual(
      valuesOf(input([1, 2], [1, 2]), (x) => expand(x, [2, 2])),
      [1, 2, 1, 2],
    );
    const deep = input([1, 1, 1, 4], [1, 2, 3, 4]);
    assert.deepEqual(
      valuesOf(deep, (x) => depthToSpace(x, 2)),
      [1, 2, 3, 4],
    );
    assert.deepEqual(
      valuesOf(four, (x) => spaceToDepth(x, 2)),
      [1, 2, 3, 4],
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
