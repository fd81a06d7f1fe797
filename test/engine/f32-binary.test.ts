import assert from 'node:assert/strict';
import { type BinaryFunction, binaryFunctions, type UnaryFunction } from '../../runtime/kernels/functions.ts';
import { assertClose, assertSameBits, eachVariant, type Kernels, seeded } from './kernel-harness.ts';
import { dense, forEachIndex, numbered } from './strided.ts';
import { specialValues } from './unary-reference.ts';

/** The smallest denormal: a power near a tie may round to the other side. */
const SMALLEST = 2 ** -149;

/** IEEE 754's pow: JavaScript's but for a base of ±1. */
const pow = (a: number, b: number): number =>
  a === 1 || (a === -1 && !Number.isFinite(b) && !Number.isNaN(b)) ? 1 : a ** b;

const reference: Record<BinaryFunction, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
  pow,
  prelu: (a, b) => (a < 0 ? a * b : a),
};

interface Case {
  readonly dims: readonly number[];
  readonly a: readonly number[];
  readonly b: readonly number[];
}

const run = (
  kernels: Kernels,
  fn: BinaryFunction,
  { dims, a, b }: Case,
  left: Float32Array,
  right: Float32Array,
  act: UnaryFunction = 'none',
): Float32Array => {
  const y = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
  const params = {
    ...numbered('d', dims, 1),
    ...numbered('a', a, 0),
    ...numbered('b', b, 0),
    fn,
    act,
    alpha: 0,
    beta: 0,
  };
  return kernels.run('f32-binary', { y, a: left, b: right }, params);
};

const expected = (fn: BinaryFunction, { dims, a, b }: Case, left: Float32Array, right: Float32Array) => {
  const y: number[] = [];
  forEachIndex(dims, [a, b], ([ai, bi]) => {
    y.push(Math.fround(reference[fn](left[ai!]!, right[bi!]!)));
  });
  return Float32Array.from(y);
};

const cases: Record<string, Case> = {
  'one dense run, with last lanes': { dims: [1003], a: [1], b: [1] },
  'b one number': { dims: [517], a: [1], b: [0] },
  'a one number': { dims: [518], a: [0], b: [1] },
  'both one number': { dims: [7], a: [0], b: [0] },
  'b along the channels': { dims: [3, 5, 19], a: [95, 19, 1], b: [0, 0, 1] },
  'b along the rows': { dims: [11, 6], a: [6, 1], b: [1, 0] },
  'outer product': { dims: [9, 13], a: [1, 0], b: [0, 1] },
  'b transposed': { dims: [10, 9], a: [9, 1], b: [1, 10] },
  'every second of a, b reversed along all six': {
    dims: [2, 1, 3, 2, 2, 5],
    a: dense([2, 1, 3, 2, 2, 10]).map((stride, axis) => (axis === 5 ? 2 : stride)),
    b: dense([2, 1, 3, 2, 2, 5]),
  },
  'a row longer than a tile': { dims: [2, 16384 + 7], a: [0, 1], b: [1, 0] },
  'rows of several tiles': { dims: [700, 61], a: [61, 1], b: [0, 1] },
};

/** Where the last element read lies, plus one. */
const extent = (dims: readonly number[], strides: readonly number[]): number =>
  1 + dims.reduce((sum, dim, axis) => sum + (dim - 1) * strides[axis]!, 0);

eachVariant((kernels) => {
  describe('f32-binary', () => {
    for (const [name, shape] of Object.entries(cases))
      it(`${name}: all functions`, () => {
        const left = seeded(extent(shape.dims, shape.a), 5, -3, 3);
        const right = seeded(extent(shape.dims, shape.b), 6, -3, 3);
        for (const fn of binaryFunctions) {
          const y = run(kernels, fn, shape, left, right);
          if (fn === 'pow') assertClose(y, expected(fn, shape, left, right), 1e-7);
          else assertSameBits(y, expected(fn, shape, left, right));
        }
      });

    it('special values, NaN included, in all pairs', () => {
      const values = Float32Array.from([...specialValues, 4, -4, 5, 16777217, -16777216, 7.5]);
      const shape = { dims: [values.length, values.length], a: [1, 0], b: [0, 1] };
      for (const fn of binaryFunctions) {
        const y = run(kernels, fn, shape, values, values);
        expected(fn, shape, values, values).forEach((value, i) => {
          const [a, b] = [values[Math.floor(i / values.length)]!, values[i % values.length]!];
          const allowed = fn === 'pow' ? 6.1e-8 * Math.abs(value) + SMALLEST : 0;
          const same = Object.is(y[i], value) || Math.abs(y[i]! - value) <= allowed;
          assert.ok(same, `${fn}(${a}, ${b}) = ${y[i]}, expected ${value}`);
        });
      }
    });

    it('applies the activation to the result, over tiles and last lanes', () => {
      const shape = { dims: [1200, 15], a: [15, 1], b: [0, 1] };
      const left = seeded(18000, 5);
      const right = seeded(15, 6);
      const y = run(kernels, 'add', shape, left, right, 'relu');
      assertSameBits(
        y,
        expected('add', shape, left, right).map((value) => Math.max(value, 0)),
      );
    });

    it('works in place on either side', () => {
      const a = seeded(103, 1);
      const b = seeded(103, 2);
      const shape = { dims: [103], a: [1], b: [1] };
      const params = {
        ...numbered('d', shape.dims, 1),
        ...numbered('a', shape.a, 0),
        ...numbered('b', shape.b, 0),
        fn: 'sub',
        act: 'none',
        alpha: 0,
        beta: 0,
      } as const;
      assertSameBits(kernels.run('f32-binary', { y: a, a, b }, params), expected('sub', shape, a, b));
      assertSameBits(kernels.run('f32-binary', { y: b, a, b }, params), expected('sub', shape, a, b));
    });
  });
});
