/** Normalisations with learned parameters, at inference. Parameters have PyTorch's names. */

import { MillraceError } from '../../../runtime/error.ts';
import type { AttrsArgument } from '../../ir/builder.ts';
import type { Shape } from '../../ir/types.ts';
import type { GivenAttrs, OpName } from '../../ops/index.ts';
import { checkOptions, layerName, makeParameter, node, nodes, scalar } from '../definition.ts';
import { type Initializer, ones, zeros } from '../init.ts';
import type { AnyTensor, Tensor } from '../tensor.ts';

/** Options of normalisations. */
export interface NormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** Initial weight. Default: ones. */
  readonly initializer?: Initializer;
  readonly name?: string;
}

const normNames = ['epsilon', 'initializer', 'name'];

/** Parameters of a layer, one number for each channel. */
const perChannel = (
  name: string,
  x: AnyTensor,
  roles: readonly (readonly [role: string, initial: Initializer, trainable?: boolean])[],
): AnyTensor[] =>
  roles.map(([role, initial, trainable = true]) =>
    makeParameter(`${name}.${role}`, [x.dim(-1)], initial, { trainable }),
  );

/**
 * (x − running_mean) / √(running_var + ε) · weight + bias for each channel (the last axis).
 * @throws MillraceError MODEL_SHAPE where x does not fit, OPTION for an option that is none.
 * @example batchNorm(image) // [1, 28, 28, 8]
 */
export function batchNorm<S extends Shape>(
  x: Tensor<'float32', S>,
  options: NormOptions = {},
): Tensor<'float32', S> {
  const name = layerName(options.name ?? 'batchNorm');
  checkOptions(name, options, normNames);
  const inputs = perChannel(name, x, [
    ['weight', options.initializer ?? ones],
    ['bias', zeros],
    ['running_mean', zeros, false],
    ['running_var', ones, false],
  ]);
  return node(name, 'batchNorm', [x, ...inputs], { epsilon: options.epsilon ?? 1e-5, axis: x.rank - 1 });
}

/**
 * As batchNorm, with mean and variance of each image's own channels.
 * @throws MillraceError MODEL_SHAPE where x does not fit, OPTION for an option that is none.
 * @example instanceNorm(image) // [1, 28, 28, 8]
 */
export function instanceNorm<S extends Shape>(
  x: Tensor<'float32', S>,
  options: NormOptions = {},
): Tensor<'float32', S> {
  const name = layerName(options.name ?? 'instanceNorm');
  checkOptions(name, options, normNames);
  const inputs = perChannel(name, x, [
    ['weight', options.initializer ?? ones],
    ['bias', zeros],
  ]);
  return node(name, 'instanceNorm', [x, ...inputs], { epsilon: options.epsilon ?? 1e-5 });
}

/**
 * Each row of channels by its own mean and variance (Ba et al. 2016, arXiv 1607.06450).
 * @throws MillraceError MODEL_SHAPE where x does not fit, OPTION for an option that is none.
 * @example layerNorm(words) // [1, 16, 64]
 */
export function layerNorm<S extends Shape>(
  x: Tensor<'float32', S>,
  options: NormOptions = {},
): Tensor<'float32', S> {
  const name = layerName(options.name ?? 'layerNorm');
  checkOptions(name, options, normNames);
  const inputs = perChannel(name, x, [
    ['weight', options.initializer ?? ones],
    ['bias', zeros],
  ]);
  return node(name, 'layerNorm', [x, ...inputs], { epsilon: options.epsilon ?? 1e-5 });
}

/**
 * Each row of channels by its root mean square, without a bias (Zhang and Sennrich 2019, arXiv 1910.07467).
 * @throws MillraceError MODEL_SHAPE where x does not fit, OPTION for an option that is none.
 * @example rmsNorm(words) // [1, 16, 64]
 */
export function rmsNorm<S extends Shape>(
  x: Tensor<'float32', S>,
  options: NormOptions = {},
): Tensor<'float32', S> {
  const name = layerName(options.name ?? 'rmsNorm');
  checkOptions(name, options, normNames);
  const inputs = perChannel(name, x, [['weight', options.initializer ?? ones]]);
  return node(name, 'rmsNorm', [x, ...inputs], { epsilon: options.epsilon ?? 1e-5 });
}

/** Options of `groupNorm`. */
export interface GroupNormOptions extends NormOptions {
  readonly groups: number;
}

/**
 * Mean and variance over the pixels and the channels of each group of an image (Wu and He 2018, arXiv 1803.08494).
 * @throws MillraceError MODEL_SHAPE where the channels do not divide into groups, OPTION for an option that is none.
 * @example groupNorm(image, { groups: 4 }) // [1, 28, 28, 8]
 */
export function groupNorm<S extends Shape>(
  x: Tensor<'float32', S>,
  options: GroupNormOptions,
): Tensor<'float32', S> {
  const name = layerName(options.name ?? 'groupNorm');
  checkOptions(name, options, ['groups', ...normNames]);
  const { groups, epsilon = 1e-5 } = options;
  const channels = x.dim(-1);
  if (channels % groups !== 0)
    throw new MillraceError('MODEL_SHAPE', 'channels do not divide into groups', {
      at: name,
      expected: `a multiple of ${groups}`,
      got: String(channels),
    });
  const [weight, bias] = perChannel(name, x, [
    ['weight', options.initializer ?? ones],
    ['bias', zeros],
  ]);
  // [batch, pixels, groups, channels of a group]: one group of one image is an image of its own.
  const pixels = x.shape.slice(1, -1).reduce((product, extent) => product * extent, 1);
  const shape = [x.dim(0), pixels, groups, channels / groups];
  const grouped = one('grouped', 'reshape', [x], { shape });
  const mean = one('mean', 'reduceMean', [grouped], { axes: [1, 3], keepDims: true });
  const centred = one('centred', 'sub', [grouped, mean]);
  const squares = one('squares', 'mul', [centred, centred]);
  const variance = one('variance', 'reduceMean', [squares], { axes: [1, 3], keepDims: true });
  const shifted = one('epsilon', 'add', [variance, scalar(epsilon, 'float32')]);
  const normal = one('normal', 'div', [centred, one('deviation', 'sqrt', [shifted])]);
  const images = one('images', 'reshape', [normal], { shape: x.shape });
  return node(name, 'add', [one('scaled', 'mul', [images, weight!]), bias!]);

  function one<N extends OpName>(
    part: string,
    op: N,
    inputs: readonly AnyTensor[],
    ...attrs: AttrsArgument<GivenAttrs[N]>
  ): AnyTensor {
    return nodes(`${name}.${part}`, op, inputs, ...attrs)[0]!;
  }
}

/** Options of `localResponseNorm`. */
export interface LocalResponseOptions {
  /** Number of neighbouring channels. */
  readonly size: number;
  readonly alpha?: number;
  readonly beta?: number;
  readonly bias?: number;
}

/**
 * x / (bias + alpha/size · Σ x²)^beta over neighbouring channels (Krizhevsky et al. 2012, §3.3).
 * @throws MillraceError MODEL_INVALID outside of `defineModel`.
 * @example localResponseNorm(image, { size: 5 }) // [1, 28, 28, 8]
 */
export const localResponseNorm = <S extends Shape>(
  x: Tensor<'float32', S>,
  options: LocalResponseOptions,
): Tensor<'float32', S> => node(layerName('lrn'), 'lrn', [x], { ...options });
