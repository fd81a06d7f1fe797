import assert from 'node:assert/strict';
import { eachVariant, type Kernels, seeded } from './kernel-harness.ts';

type Shape = readonly [outer: number, axis: number, inner: number];

const run = (kernels: Kernels, [outer, axis, inner]: Shape, log: 0 | 1, x: Float32Array, inPlace = false) =>
  kernels.run('f32-softmax', { y: inPlace ? x : new Float32Array(x.length), x }, { outer, axis, inner, log });

const expected = ([outer, axis, inner]: Shape, log: 0 | 1, x: Float32Array): Float64Array => {
  const y = new Float64Array(x.length);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const at = Array.from({ length: axis }, (_, a) => (o * axis + a) * inner + i);
      const max = Math.max(...at.map((index) => x[index]!));
      const sum = at.reduce((total, index) => total + Math.exp(x[index]! - max), 0);
      for (const index of at)
        y[index] = log ? x[index]! - max - Math.log(sum) : Math.exp(x[index]! - max) / sum;
    }
  return y;
};

const shapes: readonly Shape[] = [
  [1, 1, 1],
  [2, 3, 1],
  [3, 10, 1],
  [1, 1000, 1],
  [40, 1001, 1],
  [2, 5, 2],
  [1, 21, 33],
  [3, 40, 70],
];

eachVariant((kernels) => {
  describe('f32-softmax', () => {
    for (const shape of shapes)
      it(`[${shape}]`, () => {
        const x = seeded(shape[0] * shape[1] * shape[2], 3, -20, 20);
        for (const log of [0, 1] as const)
          for (const inPlace of [false, true]) {
            const y = run(kernels, shape, log, x, inPlace);
            expected(shape, log, x).forEach((value, i) => {
              // x − max rounds, by up to half a unit of 32: that is the exponential's relative error. A
              // logarithm is as far off as a sum near 1 is.
              assert.ok(
                Math.abs(y[i]! - value) <= 4e-6 * Math.abs(value) + 1e-6 * log,
                `${i}: ${y[i]}, ${value}`,
              );
            });
          }
      });

    it('large arguments do not overflow, −∞ has no share, NaN spreads in its row only', () => {
      const { POSITIVE_INFINITY, NaN: nan } = Number;
      const x = Float32Array.of(1000, 1000, -1000, 88, -POSITIVE_INFINITY, 88, nan, 1, 2);
      const y = run(kernels, [3, 3, 1], 0, x);
      assert.deepEqual([...y.subarray(0, 6)], [0.5, 0.5, 0, 0.5, 0, 0.5]);
      assert.ok(y.subarray(6).every(Number.isNaN));
      const columns = run(kernels, [1, 3, 3], 0, Float32Array.of(9, nan, -5, 9, 1, -5, 9, 1, -5));
      assert.ok([0, 3, 6].every((i) => Math.abs(columns[i]! - 1 / 3) < 1e-7));
      assert.ok([1, 4, 7].every((i) => Number.isNaN(columns[i])));
    });
  });
});
