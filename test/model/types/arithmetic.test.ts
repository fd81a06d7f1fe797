/** Broadcasting, products, reductions: inferred, made, refused. */
import {
  add,
  cast,
  dense,
  div,
  embedding,
  equal,
  flatten,
  gelu,
  globalAveragePool,
  globalMaxPool,
  greater,
  matmul,
  maximum,
  mul,
  pow,
  reduceMax,
  reduceMean,
  reduceSum,
  relu,
  softmax,
  sub,
  type Tensor,
  transpose,
  where,
} from 'millrace';
import { expectType, refused, shapeIs, shapeTyped, within } from './expect-type.ts';

describe('types: arithmetic', () => {
  it('broadcasting', () =>
    within(({ image, map, channels, tokens }) => {
      shapeIs(add(map, map), [1, 56, 56, 64]);
      shapeIs(add(map, channels), [1, 56, 56, 64]);
      shapeIs(add(channels, map), [1, 56, 56, 64]);
      shapeIs(mul(map, 2), [1, 56, 56, 64]);
      shapeIs(sub(1, map), [1, 56, 56, 64]);
      shapeIs(div(map, globalAveragePool(map, { keepDims: true })), [1, 56, 56, 64]);
      shapeIs(pow(tokens, reduceMean(tokens, -1)), [2, 128, 768]);
      shapeIs(maximum(reduceMax(map, [1, 2]), reduceMax(map, [1, 3])), [1, 1, 56, 64]);
      expectType<Tensor<'float32', [1, 224, 224, 3]>>()(relu(gelu(image)));
      expectType<Tensor<'bool', [1, 224, 224, 3]>>()(greater(image, 0));
      expectType<Tensor<'float32', [1, 224, 224, 3]>>()(where(greater(image, 0), image, 0));
      expectType<Tensor<'int32', [2, 128, 768]>>()(cast(tokens, 'int32'));
    }));

  it('an extent that is not known meets one that is', () =>
    within(({ map }) => {
      const some: Tensor<'float32', [number, 56, number, number]> = map;
      shapeTyped<[number, 56, 56, 64]>()(add(some, map), [1, 56, 56, 64]);
      shapeTyped<[number, 56, number, number]>()(mul(some, some), [1, 56, 56, 64]);
      const any: Tensor<'float32', number[]> = map;
      shapeTyped<number[]>()(add(any, map), [1, 56, 56, 64]);
    }));

  it('products', () =>
    within(({ tokens, vector, ids }) => {
      shapeIs(dense(vector, { units: 4096 }), [1, 4096]);
      shapeIs(dense(tokens, { units: 3072 }), [2, 128, 3072]);
      shapeIs(embedding(ids, { entries: 30522, units: 768 }), [2, 128, 768]);
      shapeIs(matmul(tokens, transpose(tokens, [0, 2, 1])), [2, 128, 128]);
      shapeIs(matmul(tokens, tokens, { transB: true }), [2, 128, 128]);
      shapeIs(matmul(tokens, tokens, { transA: true }), [2, 768, 768]);
      shapeIs(matmul(transpose(vector, [1, 0]), vector), [25088, 25088]);
      const units: number = 10;
      shapeTyped<[1, number]>()(dense(vector, { units }), [1, 10]);
    }));

  it('reductions', () =>
    within(({ map, tokens }) => {
      shapeIs(reduceMean(map, [1, 2]), [1, 1, 1, 64]);
      shapeIs(reduceMean(map, [1, 2], { keepDims: false }), [1, 64]);
      shapeIs(reduceSum(map, -1), [1, 56, 56, 1]);
      shapeIs(reduceSum(map, -1, { keepDims: false }), [1, 56, 56]);
      shapeIs(reduceMax(tokens, [0, -1], { keepDims: false }), [128]);
      shapeIs(globalAveragePool(map), [1, 64]);
      shapeIs(globalMaxPool(map, { keepDims: true }), [1, 1, 1, 64]);
      shapeIs(globalMaxPool(tokens), [2, 768]);
      shapeIs(softmax(tokens), [2, 128, 768]);
      shapeIs(softmax(tokens, 1), [2, 128, 768]);
      const axis: number = 1;
      shapeTyped<[number, number, number]>()(reduceMean(tokens, axis), [2, 1, 768]);
      const keepDims = true as boolean;
      shapeTyped<[2, 768] | [2, 1, 768]>()(reduceMean(tokens, 1, { keepDims }), [2, 1, 768]);
    }));

  it('operands that do not fit are refused', () =>
    within(({ image, map, small, tokens, vector, channels, ids, flags }) => {
      // @ts-expect-error [1, 56, 56, 64] does not broadcast with [1, 224, 224, 3]
      refused(() => add(image, map));
      // @ts-expect-error [2, 7, 7, 512] does not broadcast with [1, 56, 56, 64]
      refused(() => mul(map, small));
      // @ts-expect-error expected 3 channels, got 64
      refused(() => add(image, channels));
      // @ts-expect-error expected 64 channels, got 56
      refused(() => sub(map, reduceMean(transpose(map, [0, 3, 1, 2]), [1, 2])));
      // @ts-expect-error expected 768 channels, got 64
      refused(() => div(tokens, channels));
      // @ts-expect-error expected float32, got int64
      refused(() => add(reduceMean(tokens, -1, { keepDims: false }), ids));
      // @ts-expect-error expected int64, got float32
      refused(() => equal(ids, reduceMean(tokens, -1, { keepDims: false })));
      // @ts-expect-error expected float32, got int64
      refused(() => where(flags, reduceMean(tokens, -1, { keepDims: false }), ids));
      // @ts-expect-error [1, 56, 56, 64] does not broadcast with [2, 128]
      refused(() => where(flags, map, 0));
      // @ts-expect-error float32 is no condition
      refused(() => where(tokens, tokens, 0));
      // @ts-expect-error a function of real numbers
      refused(() => relu(flags));
      // @ts-expect-error a function of real numbers
      refused(() => gelu(ids));
      // @ts-expect-error expected 768 rows, got 128
      refused(() => matmul(tokens, tokens));
      // @ts-expect-error expected 128 rows, got 768
      refused(() => matmul(tokens, tokens, { transA: true, transB: true }));
      // @ts-expect-error expected a matrix, got [64]
      refused(() => matmul(map, channels));
      // @ts-expect-error [2, 7] does not broadcast with [1, 56]… of other images
      refused(() => matmul(map, small, { transB: true }));
      // @ts-expect-error no such option: filters
      refused(() => dense(vector, { units: 10, filters: 3 }));
      // @ts-expect-error expected [batch, …, channels]
      refused(() => dense(channels, { units: 10 }));
      // @ts-expect-error int64 is not float32
      refused(() => dense(ids, { units: 10 }));
      // @ts-expect-error float32 is no index
      refused(() => embedding(tokens, { entries: 10, units: 10 }));
      // @ts-expect-error no axis 4 in [1, 56, 56, 64]
      refused(() => reduceMean(map, 4));
      // @ts-expect-error no axis -5 in [1, 56, 56, 64]
      refused(() => reduceSum(map, [1, -5]));
      // @ts-expect-error no axis 3 in [2, 128, 768]
      refused(() => softmax(tokens, 3));
      // @ts-expect-error expected [batch, …spatial, channels], got [1, 25088]
      refused(() => globalAveragePool(flatten(vector)));
    }));
});
