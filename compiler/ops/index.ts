/** The one list of ops. */
import { MillraceError } from '../../runtime/error.ts';
import { GraphBuilder, type OpSignatures } from '../ir/builder.ts';
import type { Attrs, AttrValue } from '../ir/constant.ts';
import type { Graph } from '../ir/graph.ts';
import type { TensorType } from '../ir/types.ts';
import { abs } from './abs.ts';
import { add } from './add.ts';
import { and } from './and.ts';
import { averagePool } from './average-pool.ts';
import { batchNorm } from './batch-norm.ts';
import { cast } from './cast.ts';
import { ceil } from './ceil.ts';
import { clip } from './clip.ts';
import { concat } from './concat.ts';
import { conv } from './conv.ts';
import { convTranspose } from './conv-transpose.ts';
import { depthToSpace } from './depth-to-space.ts';
import { div } from './div.ts';
import { elu } from './elu.ts';
import { equal } from './equal.ts';
import { erf } from './erf.ts';
import { exp } from './exp.ts';
import { expand } from './expand.ts';
import { floor } from './floor.ts';
import { fromBfloat16 } from './from-bfloat16.ts';
import { gather } from './gather.ts';
import { gelu } from './gelu.ts';
import { greater } from './greater.ts';
import { greaterOrEqual } from './greater-or-equal.ts';
import { gru } from './gru.ts';
import { hardSigmoid } from './hard-sigmoid.ts';
import { hardSwish } from './hard-swish.ts';
import { identity } from './identity.ts';
import { instanceNorm } from './instance-norm.ts';
import { isNan } from './is-nan.ts';
import { layerNorm } from './layer-norm.ts';
import { leakyRelu } from './leaky-relu.ts';
import { less } from './less.ts';
import { lessOrEqual } from './less-or-equal.ts';
import { log } from './log.ts';
import { logSoftmax } from './log-softmax.ts';
import { lrn } from './lrn.ts';
import { lstm } from './lstm.ts';
import { matmul } from './matmul.ts';
import { max } from './max.ts';
import { maxPool } from './max-pool.ts';
import { min } from './min.ts';
import { mish } from './mish.ts';
import { mod } from './mod.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { not } from './not.ts';
import type { OpDefinition } from './op.ts';
import { or } from './or.ts';
import { pad } from './pad.ts';
import { pow } from './pow.ts';
import { prelu } from './prelu.ts';
import { reciprocal } from './reciprocal.ts';
import { reduceMax } from './reduce-max.ts';
import { reduceMean } from './reduce-mean.ts';
import { reduceMin } from './reduce-min.ts';
import { reduceProd } from './reduce-prod.ts';
import { reduceSum } from './reduce-sum.ts';
import { relu } from './relu.ts';
import { reshape } from './reshape.ts';
import { resize } from './resize.ts';
import { rmsNorm } from './rms-norm.ts';
import { sigmoid } from './sigmoid.ts';
import { silu } from './silu.ts';
import { slice } from './slice.ts';
import { softmax } from './softmax.ts';
import { softplus } from './softplus.ts';
import { spaceToDepth } from './space-to-depth.ts';
import { split } from './split.ts';
import { sqrt } from './sqrt.ts';
import { sub } from './sub.ts';
import { tanh } from './tanh.ts';
import { transpose } from './transpose.ts';
import { where } from './where.ts';

const list: readonly OpDefinition[] = [
  abs,
  add,
  and,
  averagePool,
  batchNorm,
  cast,
  ceil,
  clip,
  concat,
  conv,
  convTranspose,
  depthToSpace,
  div,
  elu,
  equal,
  erf,
  exp,
  expand,
  floor,
  fromBfloat16,
  gather,
  gelu,
  greater,
  greaterOrEqual,
  gru,
  hardSigmoid,
  hardSwish,
  identity,
  instanceNorm,
  isNan,
  layerNorm,
  leakyRelu,
  less,
  lessOrEqual,
  log,
  logSoftmax,
  lrn,
  lstm,
  matmul,
  max,
  maxPool,
  min,
  mish,
  mod,
  mul,
  neg,
  not,
  or,
  pad,
  pow,
  prelu,
  reciprocal,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProd,
  reduceSum,
  relu,
  reshape,
  resize,
  rmsNorm,
  sigmoid,
  silu,
  slice,
  softmax,
  softplus,
  spaceToDepth,
  split,
  sqrt,
  sub,
  tanh,
  transpose,
  where,
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
