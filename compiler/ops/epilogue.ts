/**
 * The epilogue: the elementwise function that a kernel applies to its results while they are in registers.
 * `scalarFunctions` says in double precision what each function of the engine means; it is the oracle of
 * `f32-unary` and of every kernel with `act`.
 */
import { type UnaryFunction, unaryFunctions } from '../../runtime/engine/abi.ts';
import { type EpilogueAttrs, shapeError } from './op.ts';

type ScalarFunction = (x: number, alpha: number, beta: number) => number;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** log(1 + eˣ) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const clip = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

/** Kummer's series 2/√π·e^(−x²)·Σ 2ⁿx^(2n+1)/(2n+1)!!: all terms of one sign, so nothing cancels. */
export function erf(x: number): number {
  if (!(Math.abs(x) < 6)) return Number.isNaN(x) ? x : Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

export const scalarFunctions: Readonly<Record<UnaryFunction, ScalarFunction>> = {
  none: (x) => x,
  relu: (x) => Math.max(x, 0),
  clip,
  leakyRelu: (x, alpha) => (x < 0 ? alpha * x : x),
  sigmoid,
  hardSigmoid: (x, alpha, beta) => clip(alpha * x + beta, 0, 1),
  hardSwish: (x) => x * clip(x / 6 + 0.5, 0, 1),
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

/** Throws unless `act` names an elementwise function. */
export function checkEpilogue({ act }: EpilogueAttrs): void {
  if (!(act in scalarFunctions)) throw shapeError('act', unaryFunctions.join(', '), `"${act}"`);
}

/** The epilogue as a kernel's parameters. */
export const epilogueParams = ({ act, alpha, beta }: EpilogueAttrs) => ({
  act: unaryFunctions.indexOf(act as UnaryFunction),
  alpha,
  beta,
});

/** Adds the residual, if any, and applies the function: y = act(y + residual), in place. */
export function finish(
  y: Float64Array,
  residual: ArrayLike<number> | null,
  { act, alpha, beta }: EpilogueAttrs,
): void {
  if (residual) for (let i = 0; i < y.length; i++) y[i] = y[i]! + residual[i]!;
  if (act === 'none') return;
  const apply = scalarFunctions[act as UnaryFunction];
  for (let i = 0; i < y.length; i++) y[i] = apply(y[i]!, alpha, beta);
}
