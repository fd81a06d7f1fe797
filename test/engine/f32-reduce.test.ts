import assert from 'node:assert/strict';
import { type ReduceFunction, reduceFunctions } from '../../runtime/kernels/functions.ts';
import { assertClose, eachVariant, type Kernels, seeded } from './kernel-harness.ts';

const run = (
  kernels: Kernels,
  fn: ReduceFunction,
  [outer, reduce, inner]: readonly [number, number, number],
  x: Float32Array,
): Float32Array => {
  const params = { outer, reduce, inner, fn };
  return kernels.run('f32-reduce', { y: new Float32Array(outer * inner), x }, params);
};

const expected = (
  fn: ReduceFunction,
  [outer, reduce, inner]: readonly [number, number, number],
  x: Float32Array,
): Float64Array => {
  const y = new Float64Array(outer * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      let value = fn === 'max' ? Number.NEGATIVE_INFINITY : fn === 'min' ? Number.POSITIVE_INFINITY : 0;
      for (let r = 0; r < reduce; r++) {
        const term = x[(o * reduce + r) * inner + i]!;
        value = fn === 'max' ? Math.max(value, term) : fn === 'min' ? Math.min(value, term) : value + term;
      }
      y[o * inner + i] = fn === 'mean' ? value / reduce : value;
    }
  return y;
};

const shapes = [
  [1, 1, 1],
  [3, 5, 1],
  [2, 64, 1],
  [2, 67, 1],
  [1, 131, 1],
  [5000, 7, 1],
  [1, 40000, 1],
  [2, 17, 2],
  [1, 49, 3],
  [2, 16, 16],
  [2, 33, 70],
  [1, 49, 130],
] as const;

eachVariant((kernels) => {
  describe('f32-reduce', () => {
    for (const shape of shapes)
      it(`[${shape}]: all functions`, () => {
        const x = seeded(shape[0] * shape[1] * shape[2], 9, 0.1, 5);
        for (const fn of reduceFunctions) {
          const y = run(kernels, fn, shape, x);
          expected(fn, shape, x).forEach((value, i) => {
            const allowed = fn === 'max' || fn === 'min' ? 0 : 1e-6 * value;
            assert.ok(Math.abs(y[i]! - value) <= allowed, `${fn} ${i}: ${y[i]}, expected ${value}`);
          });
        }
      });

    it('means of 12544 equal pixels are that pixel to 1e-6, whatever its bits', () => {
      for (const value of [0.1, 1 / 3, 1e-3, 12345.678]) {
        const x = new Float32Array(12544 * 5).fill(value);
        for (const mean of run(kernels, 'mean', [1, 12544, 5], x))
          assert.ok(Math.abs(mean - x[0]!) <= 1e-6 * x[0]!);
        for (const mean of run(kernels, 'mean', [5, 12544, 1], x))
          assert.ok(Math.abs(mean - x[0]!) <= 1e-6 * x[0]!);
      }
    });

    it('extrema of negative numbers, infinities and NaN', () => {
      const infinity = Number.POSITIVE_INFINITY;
      const x = Float32Array.of(-3, -1, -2, -infinity, 4, infinity, Number.NaN, 0, 1, 2, Number.NaN, -1);
      for (const fn of ['max', 'min'] as const) {
        assertClose(run(kernels, fn, [4, 3, 1], x), expected(fn, [4, 3, 1], x), 0);
        assertClose(run(kernels, fn, [2, 3, 2], x), expected(fn, [2, 3, 2], x), 0);
      }
    });

    it('a column does not depend on the columns beside it', () => {
      const x = seeded(37 * 66, 4);
      const whole = run(kernels, 'mean', [1, 37, 66], x);
      for (const column of [0, 3, 63, 64, 65]) {
        const pair = Float32Array.from({ length: 74 }, (_, i) => x[(i >> 1) * 66 + column]!);
        assert.equal(run(kernels, 'mean', [1, 37, 2], pair)[0], whole[column]);
      }
    });
  });
});
