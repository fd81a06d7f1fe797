/** Powers, exponentials and what undoes them; erf, the integral of one. */
import { defineBinary } from './binary.ts';
import { defineUnary } from './unary.ts';

/** eˣ. */
export const exp = /* @__PURE__ */ defineUnary({
  name: 'exp',
  attrs: {},
  fn: () => ({ fn: 'exp', alpha: 0, beta: 0 }),
});

/** Natural logarithm; NaN below zero. */
export const log = /* @__PURE__ */ defineUnary({
  name: 'log',
  attrs: {},
  fn: () => ({ fn: 'log', alpha: 0, beta: 0 }),
});

/** Square root; NaN below zero. */
export const sqrt = /* @__PURE__ */ defineUnary({
  name: 'sqrt',
  attrs: {},
  fn: () => ({ fn: 'sqrt', alpha: 0, beta: 0 }),
});

/** 1 / x. */
export const reciprocal = /* @__PURE__ */ defineUnary({
  name: 'reciprocal',
  attrs: {},
  fn: () => ({ fn: 'reciprocal', alpha: 0, beta: 0 }),
});

/** a to the power b, broadcast. */
export const pow = /* @__PURE__ */ defineBinary({
  name: 'pow',
  float: (a, b) => a ** b,
  integer(a, b) {
    const exact = a ** b;
    // Beyond 53 bits the lowest ones are lost, which are those that are stored.
    return Math.abs(exact) <= Number.MAX_SAFE_INTEGER
      ? Math.trunc(exact)
      : Number(BigInt.asIntN(32, power(BigInt(a), BigInt(b))));
  },
  big: power,
});

/**
 * Of integers, modulo 2⁶⁴, by squaring. A negative exponent gives the truncated quotient of 1, 0 but for bases of 1
 * and −1.
 */
function power(a: bigint, b: bigint): bigint {
  if (b < 0n) {
    if (a === 1n) return 1n;
    return a === -1n ? (b % 2n === 0n ? 1n : -1n) : 0n;
  }
  let result = 1n;
  let square = BigInt.asUintN(64, a);
  for (let rest = b; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asUintN(64, result * square);
    square = BigInt.asUintN(64, square * square);
  }
  return result;
}

/** The error function, 2/√π ∫₀ˣ e^(−t²) dt. */
export const erf = /* @__PURE__ */ defineUnary({
  name: 'erf',
  attrs: {},
  fn: () => ({ fn: 'erf', alpha: 0, beta: 0 }),
});
