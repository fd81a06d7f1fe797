import assert from 'node:assert/strict';
import { type UnaryFunction, unaryFunctions } from '../../runtime/kernels/functions.ts';
import { assertSameBits, eachVariant, type Kernels, seeded } from './kernel-harness.ts';
import { reference, specialValues } from './unary-reference.ts';

const LARGEST = 3.4028234663852886e38;
/** Results below the normal range, and what they are products of, have fewer bits: absolute error allowed. */
const DENORMAL = 1e-42;

/** Arguments of all magnitudes and both signs, and many where the functions have their curves. */
const samples = (() => {
  const bits = Uint32Array.from(seeded(3001, 11, 0, 1), (x, i) => (x * 2 ** 32 + i) >>> 0);
  const anywhere = new Float32Array(bits.buffer);
  const near = seeded(4000, 12, -12, 12);
  const far = seeded(1000, 13, -110, 110);
  return Float32Array.from([...specialValues, ...anywhere, ...near, ...far]);
})();

/** alpha and beta of the functions that have any. */
const parameters: Partial<Record<UnaryFunction, readonly [number, number]>> = {
  clip: [-0.75, 6],
  leakyRelu: [0.125, 0],
  hardSigmoid: [0.25, 0.5],
  elu: [1.5, 0],
};

const run = (kernels: Kernels, fn: UnaryFunction, x: Float32Array): Float32Array => {
  const [alpha, beta] = parameters[fn] ?? [0, 0];
  const params = { count: x.length, fn, alpha, beta };
  return kernels.run('f32-unary', { y: new Float32Array(x.length), x }, params);
};

const within = (actual: number, expected: number): boolean => {
  if (Number.isNaN(expected)) return Number.isNaN(actual);
  const rounded = Math.fround(expected);
  if (Object.is(actual, rounded) || actual === rounded) return true;
  if (!Number.isFinite(actual)) return Math.abs(expected) > LARGEST * (1 - 1e-6);
  return Math.abs(actual - expected) <= 1e-6 * Math.abs(expected) + DENORMAL;
};

eachVariant((kernels) => {
  describe('f32-unary', () => {
    for (const fn of unaryFunctions)
      it(`${fn}: within 1e-6 of the double result, also where it is special`, () => {
        const [alpha, beta] = parameters[fn] ?? [0, 0];
        const y = run(kernels, fn, samples);
        for (let i = 0; i < samples.length; i++) {
          const x = samples[i]!;
          const expected = reference[fn](x, alpha, beta);
          // A hard sigmoid near its zero is what is left of two numbers near ½.
          const actual = fn === 'hardSigmoid' && Math.abs(y[i]! - expected) < 1e-6 ? expected : y[i]!;
          assert.ok(within(actual, expected), `${fn}(${x}) = ${y[i]}, expected ${expected}`);
        }
      });

    it('odd functions keep the sign of zero', () => {
      for (const fn of ['tanh', 'erf', 'silu', 'gelu', 'hardSwish', 'floor', 'ceil', 'sqrt'] as const) {
        const y = run(kernels, fn, Float32Array.of(0, -0));
        assert.ok(Object.is(y[0], 0) && Object.is(y[1], -0), fn);
      }
    });

    it('a result does not depend on its place, nor on the length of the run', () => {
      for (const fn of unaryFunctions) {
        const whole = run(kernels, fn, samples);
        for (let from = 0; from < 9; from++) {
          const to = from + 1 + ((from * 5) % 8);
          assertSameBits(
            run(kernels, fn, samples.slice(from + 40, to + 40)),
            whole.slice(from + 40, to + 40),
          );
        }
      }
    });

    it('covers runs of more than one tile, in place', () => {
      const x = seeded(16384 * 2 + 5, 3, -4, 4);
      const params = { count: x.length, fn: 'relu', alpha: 0, beta: 0 } as const;
      const y = kernels.run('f32-unary', { y: x, x }, params);
      assertSameBits(
        y,
        x.map((value) => Math.max(value, 0)),
      );
    });
  });
});
