/** Functions of one element, arithmetic, reductions, movement: numbers worked out by hand. */
import assert from 'node:assert/strict';
import {
  abs,
  add,
  ceil,
  clip,
  concat,
  depthToSpace,
  div,
  elu,
  exp,
  expand,
  flatten,
  floor,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  log,
  logSoftmax,
  maximum,
  minimum,
  mish,
  mul,
  narrow,
  neg,
  pad,
  pow,
  reciprocal,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceSum,
  relu,
  relu6,
  reshape,
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
  tanh,
  transpose,
  unsqueeze,
} from 'millrace';
import { assertNear, input, valuesOf } from './run-layer.ts';

const four = input([1, 2, 2, 1], [1, 2, 3, 4]);
const pairs = input([2, 2], [1, 2, 3, 4]);
const signs = input([1, 4], [-2, -1, 0, 3]);

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
