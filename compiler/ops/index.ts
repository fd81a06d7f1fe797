/** The one list of ops. */
import { MillraceError } from '../../runtime/error.ts';
import { GraphBuilder, type OpSignatures } from '../ir/builder.ts';
import type { Attrs, AttrValue } from '../ir/constant.ts';
import type { Graph } from '../ir/graph.ts';
import type { TensorType } from '../ir/types.ts';
import { add } from './add.ts';
import { averagePool } from './average-pool.ts';
import { batchNorm } from './batch-norm.ts';
import { cast } from './cast.ts';
import { conv } from './conv.ts';
import { convTranspose } from './conv-transpose.ts';
import { depthToSpace } from './depth-to-space.ts';
import { div } from './div.ts';
import { identity } from './identity.ts';
import { instanceNorm } from './instance-norm.ts';
import { logSoftmax } from './log-softmax.ts';
import { lrn } from './lrn.ts';
import { matmul } from './matmul.ts';
import { maxPool } from './max-pool.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import type { OpDefinition } from './op.ts';
import { reciprocal } from './reciprocal.ts';
import { reduceMax } from './reduce-max.ts';
import { reduceMean } from './reduce-mean.ts';
import { reduceMin } from './reduce-min.ts';
import { reduceProd } from './reduce-prod.ts';
import { reduceSum } from './reduce-sum.ts';
import { relu } from './relu.ts';
import { reshape } from './reshape.ts';
import { resize } from './resize.ts';
import { softmax } from './softmax.ts';
import { spaceToDepth } from './space-to-depth.ts';
import { sqrt } from './sqrt.ts';
import { sub } from './sub.ts';
import { transpose } from './transpose.ts';

const list: readonly OpDefinition[] = [
  add,
  averagePool,
  batchNorm,
  cast,
  conv,
  convTranspose,
  depthToSpace,
  div,
  identity,
  instanceNorm,
  logSoftmax,
  lrn,
  matmul,
  maxPool,
  mul,
  neg,
  reciprocal,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProd,
  reduceSum,
  relu,
  reshape,
  resize,
  softmax,
  spaceToDepth,
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
  for (const [key, value] of Object.entries(given))
    if (kindOf(value) !== kindOf(op.attrs[key]!))
      throw new MillraceError('MODEL_INVALID', `attribute "${key}" of ${name}`, {
        expected: kindOf(op.attrs[key]!),
        got: kindOf(value),
      });
  return { ...op.attrs, ...given };
}

/** Lists are not told apart by what they hold: an empty default fits both. */
const kindOf = (value: AttrValue): string => (Array.isArray(value) ? 'list' : typeof value);

/** Types of the outputs; that the number of inputs is right is checked here, for all ops. */
function infer(name: string, inputs: readonly (TensorType | null)[], attrs: Attrs): readonly TensorType[] {
  const op = opOf(name);
  const open = op.inputs.at(-1)?.startsWith('...') === true;
  if (inputs.length > op.inputs.length && !open)
    throw new MillraceError('MODEL_INVALID', `number of inputs of ${name}`, {
      expected: `at most ${op.inputs.length}`,
      got: `${inputs.length}`,
    });
  const count = Math.max(inputs.length, op.inputs.length);
  for (let i = 0; i < count; i++) {
    const input = op.inputs[Math.min(i, op.inputs.length - 1)]!;
    if (inputs[i] == null && !input.endsWith('?'))
      throw new MillraceError('MODEL_INVALID', `input "${input}" of ${name} is required`);
  }
  return op.infer(inputs, attrs);
}

export const signatures: OpSignatures = { complete, infer };

/** A builder that knows the ops. */
export const graphBuilder = (name: string, from?: Graph): GraphBuilder =>
  new GraphBuilder(name, signatures, from);
