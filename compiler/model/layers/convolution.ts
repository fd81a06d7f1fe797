/** Convolutions: sliding windows with a weight ([filters, channels, …kernel], as PyTorch has it) and a bias. */
import { MillraceError } from '../../../runtime/error.ts';
import type { Shape } from '../../ir/types.ts';
import { checkOptions, layerName, makeParameter, node } from '../definition.ts';
import { he, type Initializer, zeros } from '../init.ts';
import type { AnyTensor, Tensor } from '../tensor.ts';
import type { Multiply } from '../types/arithmetic.ts';
import type { At } from '../types/dimensions.ts';
import type { Multiplier } from '../types/image.ts';
import type { First, OnlyOptions } from '../types/verdict.ts';
import type {
  GroupsVerdict,
  PerAxis,
  SpatialVerdict,
  Spreaded,
  Windowed1,
  Windowed2,
  WindowOptions,
  WindowVerdict,
} from '../types/window.ts';
import { aroundEvenly, padsOf, perAxis, requireSpatial, windowOf } from './window.ts';

/** Options of layers that have a weight. */
export interface WeightOptions {
  /** Default true. */
  readonly bias?: boolean;
  readonly initializer?: Initializer;
  /** Default: the layer's kind. */
  readonly name?: string;
}

/** Options of `conv2d` and `conv1d`. */
export interface ConvOptions extends Omit<WindowOptions, 'ceil'>, WeightOptions {
  readonly filters: number;
  /** Filters of group g see the g-th part of the channels only. Default 1. */
  readonly groups?: number;
}

/** What the checker says of a convolution's options. */
export type ConvVerdict<S extends Shape, O, Spatial extends 1 | 2> = First<
  OnlyOptions<O, ConvOptions>,
  First<GroupsVerdict<S, O>, WindowVerdict<S, O, Spatial>>
>;

/**
 * [N, H, W, C] → [N, H', W', filters].
 * @throws MillraceError MODEL_SHAPE where x or the window does not fit, OPTION for an option that is none.
 * @example conv2d(image, { filters: 16, kernel: 3, stride: 2, padding: 'same' }) // [1, 14, 14, 16]
 */
export const conv2d = <S extends Shape, const O extends ConvOptions>(
  x: Tensor<'float32', S> & SpatialVerdict<S, 2>['verdict'],
  options: O & ConvVerdict<S, O, 2>['verdict'],
): Tensor<'float32', Windowed2<S, O, O['filters']>> => convolution(x, 2, 'conv', options);

/**
 * [N, L, C] → [N, L', filters].
 * @throws MillraceError MODEL_SHAPE where x or the window does not fit, OPTION for an option that is none.
 * @example conv1d(words, { filters: 32, kernel: 3, padding: 'same' }) // [1, 16, 32]
 */
export const conv1d = <S extends Shape, const O extends ConvOptions>(
  x: Tensor<'float32', S> & SpatialVerdict<S, 1>['verdict'],
  options: O & ConvVerdict<S, O, 1>['verdict'],
): Tensor<'float32', Windowed1<S, O, O['filters']>> => convolution(x, 1, 'conv', options);

/** Options of `depthwiseConv2d`. */
export interface DepthwiseOptions extends Omit<ConvOptions, 'filters' | 'groups'> {
  /** Filters for each channel. Default 1. */
  readonly multiplier?: number;
}

/**
 * One filter (or `multiplier` filters) for each channel: [N, H, W, C] → [N, H', W', C·multiplier].
 * @throws MillraceError MODEL_SHAPE where x or the window does not fit, OPTION for an option that is none.
 * @example depthwiseConv2d(image, { kernel: 3, padding: 'same' }) // [1, 28, 28, 8]
 */
export function depthwiseConv2d<S extends Shape, const O extends DepthwiseOptions>(
  x: Tensor<'float32', S> & SpatialVerdict<S, 2>['verdict'],
  options: O & First<OnlyOptions<O, DepthwiseOptions>, WindowVerdict<S, O, 2>>['verdict'],
): Tensor<'float32', Windowed2<S, O, Multiply<At<S, 3>, Multiplier<O>>>> {
  const { multiplier = 1, ...rest }: DepthwiseOptions = options;
  checkOptions('depthwise', rest, [...windowNames, ...weightNames]);
  return convolution(x, 2, 'depthwise', { ...rest, filters: x.dim(-1) * multiplier, groups: x.dim(-1) });
}

const windowNames = ['kernel', 'stride', 'dilation', 'padding'];
const weightNames = ['bias', 'initializer', 'name'];

function convolution<T extends AnyTensor>(
  x: AnyTensor,
  spatial: number,
  base: string,
  options: ConvOptions,
): T {
  const name = layerName(options.name ?? base);
  checkOptions(name, options, ['filters', 'groups', ...windowNames, ...weightNames]);
  requireSpatial(name, x, spatial);
  const { filters, groups = 1 } = options;
  const inputs = x.dim(-1);
  if (inputs % groups !== 0 || filters % groups !== 0)
    throw new MillraceError('MODEL_SHAPE', 'channels do not divide into groups', {
      at: name,
      expected: `input channels and filters that are multiples of ${groups}`,
      got: `${inputs} and ${filters}`,
    });
  const { kernel, strides, dilations, pads } = windowOf(name, x, spatial, options);
  const shape = [filters, inputs / groups, ...kernel];
  const weight = makeParameter(`${name}.weight`, shape, options.initializer ?? he);
  const bias = options.bias === false ? null : makeParameter(`${name}.bias`, [filters], zeros);
  return node(name, 'conv', [x, weight, bias], { strides, dilations, pads, groups });
}

/** Options of `convTranspose2d`. */
export interface ConvTransposeOptions extends Omit<ConvOptions, 'groups'> {
  /** Rows and columns more at the bottom and right. Default 0. */
  readonly outputPadding?: PerAxis;
}

/**
 * The gradient of a convolution: [N, H, W, C] → [N, H', W', filters], with H' = (H − 1)·stride + dilation·(kernel − 1)
 * + 1 − padding on both sides + outputPadding; `same` gives H·stride. The weight is [channels, filters, …kernel].
 * @throws MillraceError MODEL_SHAPE where x or the window does not fit, OPTION for an option that is none.
 * @example convTranspose2d(image, { filters: 4, kernel: 2, stride: 2 }) // [1, 56, 56, 4]
 */
export function convTranspose2d<S extends Shape, const O extends ConvTransposeOptions>(
  x: Tensor<'float32', S> & SpatialVerdict<S, 2>['verdict'],
  options: O & OnlyOptions<O, ConvTransposeOptions>['verdict'],
): Tensor<'float32', Spreaded<S, O, O['filters']>> {
  const given: ConvTransposeOptions = options;
  const name = layerName(given.name ?? 'convTranspose');
  checkOptions(name, given, ['filters', 'outputPadding', ...windowNames, ...weightNames]);
  requireSpatial(name, x, 2);
  const kernel = perAxis(name, given.kernel, 2);
  const strides = perAxis(name, given.stride ?? 1, 2);
  const dilations = perAxis(name, given.dilation ?? 1, 2);
  const padding = given.padding ?? 'valid';
  let pads: number[];
  let outputPadding = perAxis(name, given.outputPadding ?? 0, 2);
  if (padding === 'same') {
    // H·stride = (H − 1)·stride + reach − total + outputPadding
    const excess = kernel.map((size, axis) => (size - 1) * dilations[axis]! + 1 - strides[axis]!);
    pads = aroundEvenly(excess.map((total) => Math.max(0, total)));
    outputPadding = excess.map((total) => Math.max(0, -total));
  } else pads = padsOf(name, padding === 'valid' ? 0 : padding, 2);
  const shape = [x.dim(-1), given.filters, ...kernel];
  const weight = makeParameter(`${name}.weight`, shape, given.initializer ?? he);
  const bias = given.bias === false ? null : makeParameter(`${name}.bias`, [given.filters], zeros);
  return node(name, 'convTranspose', [x, weight, bias], { strides, dilations, pads, outputPadding });
}
