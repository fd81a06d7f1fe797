/** What neurons do to one number, and the parametric one of two. */
import { formatType, sameShape } from '../../ir/types.ts';
import { defineComposed } from '../define/composed.ts';
import { shapeError } from '../define/op.ts';
import { requireFloat } from '../define/typing.ts';
import { div, mul } from './arithmetic.ts';
import { defineBinary } from './binary.ts';
import { defineUnary } from './unary.ts';

/** max(x, 0). */
export const relu = /* @__PURE__ */ defineUnary({
  name: 'relu',
  attrs: {},
  fn: () => ({ fn: 'relu', alpha: 0, beta: 0 }),
  integer: (x) => (x > 0n ? x : 0n),
});

/** min(max(x, attrs.min), attrs.max). */
export const clip = /* @__PURE__ */ defineUnary({
  name: 'clip',
  attrs: { min: -Infinity, max: Infinity },
  fn: ({ min, max }) => ({ fn: 'clip', alpha: min, beta: max }),
  // An infinite bound never wins, so only finite ones are converted.
  integer: (x, { alpha, beta }) => {
    const raised = x < alpha ? BigInt(Math.ceil(alpha)) : x;
    return raised > beta ? BigInt(Math.floor(beta)) : raised;
  },
});

/** x, times alpha below zero. */
export const leakyRelu = /* @__PURE__ */ defineUnary({
  name: 'leakyRelu',
  attrs: { alpha: 0.01 },
  fn: ({ alpha }) => ({ fn: 'leakyRelu', alpha, beta: 0 }),
});

/** x, times slope below zero; the slope is broadcast to x. */
export const prelu = /* @__PURE__ */ defineBinary({
  name: 'prelu',
  inputs: ['x', 'slope'],
  float: (x, slope) => (x < 0 ? x * slope : x),
  big: (x, slope) => (x < 0n ? x * slope : x),
  check(x, slope, output) {
    if (!sameShape(x.shape, output.shape))
      throw shapeError('slope', `a shape that broadcasts to ${formatType(x)}`, formatType(slope));
  },
});

/** x, below zero alpha · (eˣ − 1). */
export const elu = /* @__PURE__ */ defineUnary({
  name: 'elu',
  attrs: { alpha: 1 },
  fn: ({ alpha }) => ({ fn: 'elu', alpha, beta: 0 }),
});

/** elu as wide as it is high, alpha · elu(x / alpha), whose slope is continuous at 0. (ONNX Celu-12) */
export const celu = /* @__PURE__ */ defineComposed({
  name: 'celu',
  inputs: ['x'],
  attrs: { alpha: 1 },
  traits: { elementwise: true },
  check(inputs, { alpha }) {
    requireFloat(inputs, 0, 'x');
    if (alpha === 0) throw shapeError('alpha', 'a number other than 0', '0');
  },
  decompose(make, [x], { alpha }) {
    const width = make.splat({ dtype: x!.type.dtype, shape: [] }, alpha);
    return [make.node(mul, [make.node(elu, [make.node(div, [x!, width])]), width])];
  },
});

/** 1 / (1 + e⁻ˣ). */
export const sigmoid = /* @__PURE__ */ defineUnary({
  name: 'sigmoid',
  attrs: {},
  fn: () => ({ fn: 'sigmoid', alpha: 0, beta: 0 }),
});

/** max(0, min(1, alpha·x + beta)). */
export const hardSigmoid = /* @__PURE__ */ defineUnary({
  name: 'hardSigmoid',
  attrs: { alpha: 0.2, beta: 0.5 },
  fn: ({ alpha, beta }) => ({ fn: 'hardSigmoid', alpha, beta }),
});

/** Hyperbolic tangent. */
export const tanh = /* @__PURE__ */ defineUnary({
  name: 'tanh',
  attrs: {},
  fn: () => ({ fn: 'tanh', alpha: 0, beta: 0 }),
});

/** x · sigmoid(x), also called swish. */
export const silu = /* @__PURE__ */ defineUnary({
  name: 'silu',
  attrs: {},
  fn: () => ({ fn: 'silu', alpha: 0, beta: 0 }),
});

/** x · max(0, min(1, x/6 + ½)). */
export const hardSwish = /* @__PURE__ */ defineUnary({
  name: 'hardSwish',
  attrs: {},
  fn: () => ({ fn: 'hardSwish', alpha: 0, beta: 0 }),
});

/** x · tanh(softplus(x)). */
export const mish = /* @__PURE__ */ defineUnary({
  name: 'mish',
  attrs: {},
  fn: () => ({ fn: 'mish', alpha: 0, beta: 0 }),
});

/** x · Φ(x), exactly (by erf) or in the approximation by tanh. */
export const gelu = /* @__PURE__ */ defineUnary({
  name: 'gelu',
  attrs: { approximate: 'none' },
  fn({ approximate }) {
    if (approximate !== 'none' && approximate !== 'tanh')
      throw shapeError('approximate', "'none' or 'tanh'", approximate);
    return { fn: approximate === 'tanh' ? 'geluTanh' : 'gelu', alpha: 0, beta: 0 };
  },
});

/** log(1 + eˣ). */
export const softplus = /* @__PURE__ */ defineUnary({
  name: 'softplus',
  attrs: {},
  fn: () => ({ fn: 'softplus', alpha: 0, beta: 0 }),
});
