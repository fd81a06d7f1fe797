/** The one list of ops. */
import { MillraceError } from '../../runtime/error.ts';
import { GraphBuilder, type OpSignatures } from '../ir/builder.ts';
import type { Attrs } from '../ir/constant.ts';
import type { Graph } from '../ir/graph.ts';
import { add } from './add.ts';
import { averagePool } from './average-pool.ts';
import { cast } from './cast.ts';
import { conv } from './conv.ts';
import { convTranspose } from './conv-transpose.ts';
import { div } from './div.ts';
import { identity } from './identity.ts';
import { maxPool } from './max-pool.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import type { OpDefinition } from './op.ts';
import { reciprocal } from './reciprocal.ts';
import { relu } from './relu.ts';
import { reshape } from './reshape.ts';
import { sqrt } from './sqrt.ts';
import { sub } from './sub.ts';
import { transpose } from './transpose.ts';

const list: readonly OpDefinition[] = [
  add,
  averagePool,
  cast,
  conv,
  convTranspose,
  div,
  identity,
  maxPool,
  mul,
  neg,
  reciprocal,
  relu,
  reshape,
  sqrt,
  sub,
  transpose,
];

const byName = new Map(list.map((op) => [op.name, op]));

export const opNames: readonly string[] = [...byName.keys()];

export const findOp = (name: string): OpDefinition | undefined => byName.get(name);

/** The definition of an op that is known to exist (names come from a built graph). */
export function opOf(name: string): OpDefinition {
  const op = byName.get(name);
  if (op === undefined) throw new MillraceError('INTERNAL', `no op named ${name}`);
  return op;
}

function complete(name: string, given: Attrs): Attrs {
  const op = opOf(name);
  for (const key of Object.keys(given))
    if (!(key in op.attrs)) throw new MillraceError('MODEL_INVALID', `unknown attribute "${key}" of ${name}`);
  for (const key of op.required ?? [])
    if (!(key in given))
      throw new MillraceError('MODEL_INVALID', `attribute "${key}" of ${name} is required`);
  return { ...op.attrs, ...given };
}

export const signatures: OpSignatures = {
  complete,
  infer: (name, inputs, attrs) => opOf(name).infer(inputs, attrs),
};

/** A builder that knows the ops. */
export const graphBuilder = (name: string, from?: Graph): GraphBuilder =>
  new GraphBuilder(name, signatures, from);
