/** Constants that follow from positions: the causal mask, sinusoids, and the angles of rotary embeddings. */

import { MillraceError } from '../../../runtime/error.ts';
import type { AttrsArgument } from '../../ir/builder.ts';
import type { Constant, TypedConstant } from '../../ir/constant.ts';
import { bytesOf, fromNumbers } from '../../ir/tensor.ts';
import type { GivenAttrs, OpName } from '../../ops/index.ts';
import { layerName, makeConstant, nodes } from '../definition.ts';
import type { AnyTensor, Tensor } from '../tensor.ts';

const inline = (shape: readonly number[], values: readonly number[]): TypedConstant => {
  const type = { dtype: 'float32', shape } as const;
  return { type, constant: { kind: 'inline', bytes: bytesOf(fromNumbers(type, values)) } };
};

const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const splat = (value: number): TypedConstant => ({
  type: { dtype: 'float32', shape: [] },
  constant: { kind: 'splat', value },
});

/**
 * [T, T] of 0 where position t may look (itself and what was before) and −∞ where not; to be added to scores. A recipe
 * over the T positions: of a network that all its layers share, and never as large as T².
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example causalMask(16) // [16, 16]
 */
export function causalMask<const T extends number>(length: T): Tensor<'float32', [T, T]> {
  const shape = [length, length];
  const mask = (): Constant => {
    const [now, then] = [inline([length, 1], indices(length)), inline([1, length], indices(length))];
    const later: TypedConstant = {
      type: { dtype: 'bool', shape },
      constant: { kind: 'apply', op: 'greater', attrs: {}, args: [then, now] },
    };
    return {
      kind: 'apply',
      op: 'where',
      attrs: {},
      args: [later, splat(Number.NEGATIVE_INFINITY), splat(0)],
    };
  };
  return makeConstant(`causal(${length})`, { dtype: 'float32', shape }, mask) as Tensor<'float32', [T, T]>;
}

/**
 * [T, C] of sines, then cosines, of positions: wavelengths from 2π to 10000·2π (Vaswani et al. 2017, §3.5), in the order
 * of Whisper, where all sines come before the cosines.
 * @throws MillraceError MODEL_SHAPE for an odd number of channels or fewer than four.
 * @example sinusoids(16, 64) // [16, 64]
 */
export function sinusoids<const T extends number, const C extends number>(
  length: T,
  channels: C,
): Tensor<'float32', [T, C]> {
  if (channels % 2 !== 0 || channels < 4)
    throw new MillraceError('MODEL_SHAPE', 'the channels do not divide into sines and cosines', {
      at: 'sinusoids',
      expected: 'an even number of channels, four or more',
      got: String(channels),
    });
  const half = channels / 2;
  const type = { dtype: 'float32', shape: [length, channels] } as const;
  const table = (): Constant => {
    const values = indices(length * channels).map((at) => {
      const i = at % channels;
      const angle = Math.floor(at / channels) * 10000 ** (-(i % half) / (half - 1));
      return i < half ? Math.sin(angle) : Math.cos(angle);
    });
    return inline(type.shape, values).constant;
  };
  return makeConstant(`sinusoids(${length}, ${channels})`, type, table) as Tensor<'float32', [T, C]>;
}

/** Rotary positions of queries and keys. */
export interface RotaryOptions {
  /** Of the longest wavelength. Default 10000. */
  readonly base?: number;
}

/**
 * Rotary positions (Su et al. 2021, arXiv 2104.09864) for x [N, T, heads, size], in the order of Llama: element i turns
 * with element i + size/2, by an angle of t·base^(−2i/size).
 */
export function rotate(x: AnyTensor, { base = 10000 }: RotaryOptions = {}): AnyTensor {
  const name = layerName('rotary');
  const [length, size] = [x.dim(1), x.dim(3)];
  if (size % 2 !== 0)
    throw new MillraceError('MODEL_SHAPE', 'the heads do not divide into pairs', {
      at: name,
      expected: 'heads of an even size',
      got: String(size),
    });
  const half = size / 2;
  const table = (key: string, of: (angle: number, first: boolean) => number): AnyTensor => {
    const type = { dtype: 'float32', shape: [length, 1, size] } as const;
    return makeConstant(`${key}(${length}, ${size}, ${base})`, type, () => {
      const values = indices(length * size).map((at) => {
        const i = at % size;
        return of(Math.floor(at / size) * base ** ((-2 * (i % half)) / size), i < half);
      });
      return inline(type.shape, values).constant;
    });
  };
  const cosines = table('cos', (angle) => Math.cos(angle));
  // The sign of the rotation is in the table, so that the halves need only change places.
  const sines = table('sin', (angle, first) => (first ? -Math.sin(angle) : Math.sin(angle)));
  const add = <N extends OpName>(
    part: string,
    op: N,
    inputs: readonly AnyTensor[],
    ...attrs: AttrsArgument<GivenAttrs[N]>
  ): AnyTensor[] => nodes(`${name}.${part}`, op, inputs, ...attrs);
  const [low, high] = add('halves', 'split', [x], { axis: 3, sizes: [half, half] });
  const turned = add('turned', 'concat', [high!, low!], { axis: 3 });
  const straight = add('straight', 'mul', [x, cosines]);
  const across = add('across', 'mul', [turned[0]!, sines]);
  return nodes(name, 'add', [straight[0]!, across[0]!])[0]!;
}
