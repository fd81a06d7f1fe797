/**
 * The elementwise functions that kernels know (`unaryFunctions`), in double precision: the meaning of the unary ops
 * and of every epilogue.
 */

import { MillraceError } from '../../../runtime/error.ts';
import { type UnaryFunction, unaryFunctions } from '../../../runtime/kernels/functions.ts';
import type { EpilogueAttrs } from '../define/op.ts';
import type { Activation } from '../define/traits.ts';

type Evaluate = (x: number, alpha: number, beta: number) => number;

/** Beyond this |x| the series would cancel, and the continued fraction has converged: both are good to 1e-15 here. */
const ERF_SERIES_END = 2.5;

/** Maclaurin series near 0, Lentz-free continued fraction of erfc beyond (Abramowitz & Stegun 7.1.5, 7.1.14). */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (Number.isNaN(z)) return x;
  if (z < ERF_SERIES_END) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  if (z > 6) return Math.sign(x);
  let fraction = z;
  for (let n = 60; n > 0; n--) fraction = z + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-z * z) / (Math.sqrt(Math.PI) * fraction));
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** log(1 + e^x) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const hardSigmoid: Evaluate = (x, alpha, beta) => Math.max(0, Math.min(1, alpha * x + beta));

const functions: Readonly<Record<UnaryFunction, Evaluate>> = {
  none: (x) => x,
  relu: (x) => Math.max(x, 0),
  clip: (x, alpha, beta) => Math.min(Math.max(x, alpha), beta),
  leakyRelu: (x, alpha) => (x < 0 ? alpha * x : x),
  sigmoid,
  hardSigmoid,
  hardSwish: (x) => x * hardSigmoid(x, 1 / 6, 0.5),
  tanh: Math.tanh,
  silu: (x) => x * sigmoid(x),
  mish: (x) => x * Math.tanh(softplus(x)),
  softplus,
  elu: (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x),
  gelu: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  geluTanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
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

/** An activation as a function of one number. */
export function functionOf({ fn, alpha, beta }: Activation): (x: number) => number {
  const evaluate = functions[fn];
  return (x) => evaluate(x, alpha, beta);
}

/** The epilogue of a node as an activation; throws on a name that is none. */
export function activationOf({ act, alpha, beta }: EpilogueAttrs): Activation {
  const fn = unaryFunctions.find((name) => name === act);
  if (fn === undefined)
    throw new MillraceError('MODEL_INVALID', 'no such activation', {
      at: 'act',
      expected: unaryFunctions.join(', '),
      got: act,
    });
  return { fn, alpha, beta };
}

/** The kernel parameters of an epilogue. */
export function epilogueParams(attrs: EpilogueAttrs): { act: UnaryFunction; alpha: number; beta: number } {
  const { fn, alpha, beta } = activationOf(attrs);
  return { act: fn, alpha, beta };
}

/** Applies an epilogue to results in place; they have been rounded to float32, as in the kernels. */
export function applyEpilogue(results: Float32Array | Float64Array, attrs: EpilogueAttrs): void {
  if (attrs.act === 'none') return;
  const apply = functionOf(activationOf(attrs));
  for (let i = 0; i < results.length; i++) results[i] = apply(results[i]!);
}
