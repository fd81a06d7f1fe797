/** Darknet's activations as ops. Source: `activations.h` of Darknet (AlexeyAB). */

import { MillraceError } from '../../runtime/error.ts';
import type { ValueId } from '../ir/graph.ts';
import type { GivenAttrs, OpName } from '../ops/index.ts';
import type { Section } from './cfg.ts';
import type { Emitter } from './layer.ts';

/** An op and its attributes. */
type Activation = { readonly [N in OpName]: readonly [op: N, attrs: GivenAttrs[N]] }[OpName];

/** Null computes nothing. */
const ops: Readonly<Record<string, Activation | null>> = {
  linear: null,
  logistic: ['sigmoid', {}],
  relu: ['relu', {}],
  relu6: ['clip', { min: 0, max: 6 }],
  leaky: ['leakyRelu', { alpha: 0.1 }],
  relie: ['leakyRelu', { alpha: 0.01 }],
  elu: ['elu', { alpha: 1 }],
  gelu: ['gelu', { approximate: 'tanh' }],
  tanh: ['tanh', {}],
  hardtan: ['clip', { min: -1, max: 1 }],
  mish: ['mish', {}],
  swish: ['silu', {}],
};

export const isActivation = (name: string): boolean => Object.hasOwn(ops, name);

/** The activation of a section, applied. */
export function activated(emitter: Emitter, x: ValueId, name: string): ValueId {
  const op = ops[name];
  return op == null ? x : emitter.node(op[0], [x], op[1]);
}

/** The name a section gives; unknown names have been reported before any layer is resolved. */
export function activationOf(section: Section, otherwise: string): string {
  const name = section.text('activation') ?? otherwise;
  if (!isActivation(name))
    throw new MillraceError('MODEL_UNSUPPORTED', `activation ${name}`, {
      at: section.at,
      expected: Object.keys(ops).join(', '),
    });
  return name;
}
