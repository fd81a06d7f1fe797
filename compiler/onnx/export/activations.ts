/**
 * Our elementwise functions as ONNX nodes: of the unary ops and of every epilogue. Where an opset lacks a function it is
 * spelled out; the last node of a spelling bears the name of the whole.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { Activation } from '../../ops/define/op.ts';
import { type DraftAttributes, float, string } from './draft.ts';

export interface ActivationTarget {
  readonly opset: number;
  /** Adds a node of the type of the function's input. */
  add(op: string, inputs: readonly string[], attributes?: DraftAttributes, part?: string): string;
  scalar(value: number, part: string): string;
}

type Spelling = (x: string, target: ActivationTarget, alpha: number, beta: number) => string;

const as =
  (op: string): Spelling =>
  (x, target) =>
    target.add(op, [x]);

const clip: Spelling = (x, target, low, high) => {
  if (low === Number.NEGATIVE_INFINITY && high === Number.POSITIVE_INFINITY) return x;
  const min = low === Number.NEGATIVE_INFINITY ? '' : target.scalar(low, 'min');
  const max = high === Number.POSITIVE_INFINITY ? '' : target.scalar(high, 'max');
  return target.add('Clip', [x, min, max]);
};

const hardSwish: Spelling = (x, target) => {
  if (target.opset >= 14) return target.add('HardSwish', [x]);
  const gate = target.add('HardSigmoid', [x], { alpha: float(1 / 6), beta: float(0.5) }, 'gate');
  return target.add('Mul', [x, gate]);
};

const mish: Spelling = (x, target) => {
  if (target.opset >= 18) return target.add('Mish', [x]);
  const gate = target.add('Tanh', [target.add('Softplus', [x], {}, 'softplus')], {}, 'tanh');
  return target.add('Mul', [x, gate]);
};

/** x/2 · (1 + f). */
const gated = (x: string, target: ActivationTarget, f: string): string => {
  const sum = target.add('Add', [f, target.scalar(1, 'one')], {}, 'sum');
  const half = target.add('Mul', [x, target.scalar(0.5, 'half')], {}, 'halved');
  return target.add('Mul', [half, sum]);
};

const gelu: Spelling = (x, target) => {
  if (target.opset >= 20) return target.add('Gelu', [x]);
  const scaled = target.add('Mul', [x, target.scalar(Math.SQRT1_2, 'factor')], {}, 'scaled');
  return gated(x, target, target.add('Erf', [scaled], {}, 'erf'));
};

const geluTanh: Spelling = (x, target) => {
  if (target.opset >= 20) return target.add('Gelu', [x], { approximate: string('tanh') });
  const square = target.add('Mul', [x, x], {}, 'square');
  const cube = target.add('Mul', [square, x], {}, 'cube');
  const bent = target.add('Mul', [cube, target.scalar(0.044715, 'cubic')], {}, 'bent');
  const sum = target.add('Add', [x, bent], {}, 'inner');
  const scaled = target.add('Mul', [sum, target.scalar(Math.sqrt(2 / Math.PI), 'factor')], {}, 'scaled');
  return gated(x, target, target.add('Tanh', [scaled], {}, 'tanh'));
};

const spellings: Readonly<Record<Activation['fn'], Spelling>> = {
  none: (x) => x,
  relu: as('Relu'),
  clip,
  leakyRelu: (x, target, alpha) => target.add('LeakyRelu', [x], { alpha: float(alpha) }),
  sigmoid: as('Sigmoid'),
  hardSigmoid: (x, target, alpha, beta) =>
    target.add('HardSigmoid', [x], { alpha: float(alpha), beta: float(beta) }),
  hardSwish,
  tanh: as('Tanh'),
  silu: (x, target) => target.add('Mul', [x, target.add('Sigmoid', [x], {}, 'sigmoid')]),
  mish,
  softplus: as('Softplus'),
  elu: (x, target, alpha) => target.add('Elu', [x], { alpha: float(alpha) }),
  gelu,
  geluTanh,
  exp: as('Exp'),
  log: as('Log'),
  sqrt: as('Sqrt'),
  reciprocal: as('Reciprocal'),
  erf: as('Erf'),
  abs: as('Abs'),
  neg: as('Neg'),
  floor: as('Floor'),
  ceil: as('Ceil'),
};

/** Adds the nodes of a function; returns the tensor of its result, which is x itself where the function is none. */
export function activationNodes(
  x: string,
  { fn, alpha, beta }: { readonly fn: string; readonly alpha: number; readonly beta: number },
  target: ActivationTarget,
): string {
  const spelling = Object.hasOwn(spellings, fn) ? spellings[fn as Activation['fn']] : undefined;
  if (spelling === undefined) throw new MillraceError('INTERNAL', `no ONNX nodes for the function ${fn}`);
  return spelling(x, target, alpha, beta);
}
