/** Attention (Vaswani et al. 2017, arXiv 1706.03762), made of products, softmax and movements that the engine has. */

import { MillraceError } from '../../../runtime/error.ts';
import type { AttrsArgument } from '../../ir/builder.ts';
import type { Shape } from '../../ir/types.ts';
import type { GivenAttrs, OpName } from '../../ops/index.ts';
import { checkOptions, layerName, makeParameter, node, nodes, scalar } from '../definition.ts';
import { glorot, type Initializer, zeros } from '../init.ts';
import type { AnyTensor, Tensor } from '../tensor.ts';
import type { LastOf } from '../types/dimensions.ts';
import type { Attended } from '../types/sequence.ts';
import type { First, OnlyOptions } from '../types/verdict.ts';
import type { DividesVerdict, SpatialVerdict } from '../types/window.ts';
import { causalMask, type RotaryOptions, rotate } from './positions.ts';

/** Options of `multiHeadAttention`. */
export interface AttentionOptions {
  readonly heads: number;
  /** Heads of keys and values, each shared by a group of the others (grouped queries). Default: heads. */
  readonly keyValueHeads?: number;
  /** Numbers of one head. Default: channels / heads. */
  readonly headSize?: number;
  /** Channels of the result. Default: those of x. */
  readonly units?: number;
  /** Keys and values come from this [N, M, C'] (cross attention). Default: x. */
  readonly memory?: AnyTensor;
  /** No position looks at a later one. Default false. */
  readonly causal?: boolean;
  /** Added to the scores [N, heads, T, M]; 0 to look, −∞ not to. Broadcasts. */
  readonly mask?: AnyTensor;
  /** Queries and keys are turned by their positions. Default: not. */
  readonly rotary?: RotaryOptions | boolean;
  /** Default true; or of each projection. */
  readonly bias?: boolean | { readonly [K in AttentionProjection]?: boolean };
  readonly initializer?: Initializer;
  readonly name?: string;
}

/** The dense layers of attention. */
export type AttentionProjection = 'q_proj' | 'k_proj' | 'v_proj' | 'out_proj';

/** What the checker says of the options of attention. */
export type HeadsVerdict<S extends Shape, O extends AttentionOptions> = O extends {
  readonly headSize: number;
}
  ? OnlyOptions<O, AttentionOptions>
  : First<OnlyOptions<O, AttentionOptions>, DividesVerdict<LastOf<S>, O['heads'], 'channels'>>;

const names = [
  ...['heads', 'keyValueHeads', 'headSize', 'units', 'memory', 'causal', 'mask', 'rotary'],
  ...['bias', 'initializer', 'name'],
];

/**
 * softmax(q·kᵀ / √size + mask)·v in several heads. Parameters are dense layers `q_proj`, `k_proj`, `v_proj` and
 * `out_proj`, as in most decoders.
 * @throws MillraceError MODEL_SHAPE where channels and heads do not divide or x is no sequence, OPTION for an option that is none.
 * @example multiHeadAttention(words, { heads: 4, causal: true }) // [1, 16, 64]
 */
export function multiHeadAttention<S extends Shape, const O extends AttentionOptions>(
  x: Tensor<'float32', S> & SpatialVerdict<S, 1>['verdict'],
  options: O & HeadsVerdict<S, O>['verdict'],
): Tensor<'float32', Attended<S, O>> {
  const given: AttentionOptions = options;
  const input: AnyTensor = x;
  const name = layerName(given.name ?? 'attention');
  checkOptions(name, given, names);
  const { heads, memory = input, rotary = false } = given;
  const groups = given.keyValueHeads ?? heads;
  const size = given.headSize ?? input.dim(-1) / heads;
  if (input.rank !== 3 || memory.rank !== 3)
    throw new MillraceError('MODEL_SHAPE', 'the input has the wrong rank', {
      at: name,
      expected: '[batch, length, channels]',
      got: `[${(input.rank !== 3 ? input : memory).shape.join(', ')}]`,
    });
  if (!Number.isInteger(size) || heads % groups !== 0)
    throw new MillraceError('MODEL_SHAPE', 'channels and heads do not divide', {
      at: name,
      expected: `channels divisible by ${heads} heads, heads by ${groups} heads of keys`,
      got: `${input.dim(-1)} channels`,
    });
  const [batch, length] = [input.dim(0), input.dim(1)];
  const add = <N extends OpName>(
    part: string,
    op: N,
    inputs: readonly AnyTensor[],
    ...attrs: AttrsArgument<GivenAttrs[N]>
  ): AnyTensor => nodes(`${name}.${part}`, op, inputs, ...attrs)[0]!;
  const project = (role: AttentionProjection, from: AnyTensor, units: number): AnyTensor => {
    const part = `${name}.${role}`;
    const biased = typeof given.bias === 'object' ? (given.bias[role] ?? true) : (given.bias ?? true);
    const weight = makeParameter(`${part}.weight`, [units, from.dim(-1)], given.initializer ?? glorot);
    const bias = biased ? makeParameter(`${part}.bias`, [units], zeros) : null;
    return node(role === 'out_proj' ? name : part, 'matmul', [from, weight, bias], { transB: true });
  };
  /** [N, T, heads·size] → [N, heads, T, size] */
  const apart = (
    part: string,
    projected: AnyTensor,
    count: number,
    turns: RotaryOptions | boolean,
  ): AnyTensor => {
    const shape = [batch, projected.dim(1), count, size];
    const split = add(`${part}.heads`, 'reshape', [projected], { shape });
    const placed = turns === false ? split : rotate(split, turns === true ? {} : turns);
    return add(`${part}.order`, 'transpose', [placed], { perm: [0, 2, 1, 3] });
  };
  const q = apart('q', project('q_proj', input, heads * size), heads, rotary);
  const k = apart('k', project('k_proj', memory, groups * size), groups, rotary);
  const v = apart('v', project('v_proj', memory, groups * size), groups, false);
  const shared = heads / groups;
  // Heads that share keys stand in rows: [N, groups, shared·T, size] · [N, groups, size, M].
  const rows = (tensor: AnyTensor, part: string, last: number): AnyTensor =>
    shared === 1 ? tensor : add(part, 'reshape', [tensor], { shape: [batch, groups, shared * length, last] });
  const scores = add('scores', 'matmul', [rows(q, 'q.rows', size), k], { transB: true });
  const scaled = add('scaled', 'mul', [scores, scalar(1 / Math.sqrt(size), 'float32')]);
  const width = memory.dim(1);
  const shape = [batch, heads, length, width];
  let seen = shared === 1 ? scaled : add('scores.heads', 'reshape', [scaled], { shape });
  if (given.causal === true) {
    if (width !== length)
      throw new MillraceError('MODEL_SHAPE', 'causal attention to another sequence', {
        at: name,
        expected: `${length} positions`,
        got: String(width),
      });
    seen = add('causal', 'add', [seen, causalMask(length)]);
  }
  if (given.mask !== undefined) seen = add('mask', 'add', [seen, given.mask]);
  const weights = add('weights', 'softmax', [seen], { axis: 3 });
  const mixed = add('mixed', 'matmul', [rows(weights, 'weights.rows', width), v]);
  const each =
    shared === 1 ? mixed : add('mixed.heads', 'reshape', [mixed], { shape: [batch, heads, length, size] });
  const back = add('back', 'transpose', [each], { perm: [0, 2, 1, 3] });
  const joined = add('joined', 'reshape', [back], { shape: [batch, length, heads * size] });
  return project('out_proj', joined, given.units ?? input.dim(-1)) as AnyTensor as Tensor<
    'float32',
    Attended<S, O>
  >;
}
