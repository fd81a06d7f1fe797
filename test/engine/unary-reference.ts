/**
 * The kernels' elementwise functions in double precision, written so that nothing cancels: what their relative
 * accuracy is measured against. Where a function tends to a limit at infinity, the limit is its value there.
 */
import type { UnaryFunction } from '../../runtime/kernels/functions.ts';

/** erfc(z), z ≥ 0, relative error near 1e-15: 1 − a series below 2, a continued fraction above (A&S 7.1.5, 7.1.14). */
function upperErfc(z: number): number {
  if (z > 30) return 0;
  if (z >= 2) {
    let fraction = z;
    for (let n = 120; n > 0; n--) fraction = z + n / 2 / fraction;
    return Math.exp(-z * z) / (Math.sqrt(Math.PI) * fraction);
  }
  return 1 - erf(z);
}

function erf(x: number): number {
  if (Math.abs(x) >= 2) return Math.sign(x) * (1 - upperErfc(Math.abs(x)));
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const normal = (x: number): number =>
  x < 0 ? upperErfc(-x * Math.SQRT1_2) / 2 : 1 - upperErfc(x * Math.SQRT1_2) / 2;
const sigmoid = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
/** x times a factor that vanishes faster than x grows. */
const weighted = (x: number, factor: number): number => (x === Number.NEGATIVE_INFINITY ? -0 : x * factor);

export const reference: Readonly<Record<UnaryFunction, (x: number, alpha: number, beta: number) => number>> =
  {
    none: (x) => x,
    relu: (x) => Math.max(x, 0),
    clip: (x, alpha, beta) => Math.min(Math.max(x, alpha), beta),
    leakyRelu: (x, alpha) => (x < 0 ? x * alpha : x),
    sigmoid,
    hardSigmoid: (x, alpha, beta) => Math.max(0, Math.min(1, alpha * x + beta)),
    hardSwish: (x) => weighted(x, Math.max(0, Math.min(6, x + 3)) / 6),
    tanh: Math.tanh,
    silu: (x) => weighted(x, sigmoid(x)),
    mish: (x) => weighted(x, Math.tanh(softplus(x))),
    softplus,
    elu: (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x),
    gelu: (x) => weighted(x, normal(x)),
    geluTanh: (x) => weighted(x, sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
    exp: Math.exp,
    log: Math.log,
    sqrt: Math.sqrt,
    reciprocal: (x) => 1 / x,
    erf,
    abs: Math.abs,
    neg: (x) => -x,
    floor: Math.floor,
    ceil: Math.ceil,
  };

/** Values at which elementwise functions go wrong. */
export const specialValues: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  2,
  -2,
  3,
  -3,
  6,
  -6,
  0.92,
  -0.92,
  15,
  -15,
  20,
  88.7,
  88.8,
  -87.4,
  -103.9,
  -104.1,
  150,
  -150,
  1e-20,
  -1e-20,
  1.17549435e-38,
  -1.17549435e-38,
  1e-40,
  -1e-40,
  1.4e-45,
  -1.4e-45,
  8388607.5,
  8388608,
  -8388609,
  1e9,
  -1e9,
  1e30,
  -1e30,
  3.4028234e38,
  -3.4028234e38,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
];
