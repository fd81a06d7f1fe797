/** Pooling and resampling over the spatial dimensions. */
import type { Shape } from '../../ir/types.ts';
import { checkOptions, layerName, node } from '../definition.ts';
import type { AnyTensor, Float, Tensor } from '../tensor.ts';
import type { At } from '../types/dimensions.ts';
import type { Resized, ResizeVerdict } from '../types/image.ts';
import type { First, OnlyOptions } from '../types/verdict.ts';
import type { SpatialVerdict, Windowed1, Windowed2, WindowOptions, WindowVerdict } from '../types/window.ts';
import { perAxis, requireSpatial, windowOf } from './window.ts';

/** The stride is the kernel where it is not given. */
export type PoolOptions = WindowOptions;

const poolNames = ['kernel', 'stride', 'dilation', 'padding', 'ceil'];

/**
 * The largest of each window: [N, H, W, C] → [N, H', W', C].
 * @throws MillraceError MODEL_SHAPE where x or the window does not fit, OPTION for an option that is none.
 * @example maxPool2d(image, { kernel: 2 }) // [1, 14, 14, 8]
 */
export const maxPool2d = <D extends Float, S extends Shape, const O extends PoolOptions>(
  x: Tensor<D, S> & SpatialVerdict<S, 2>['verdict'],
  options: O & First<OnlyOptions<O, PoolOptions>, WindowVerdict<S, O, 2>>['verdict'],
): Tensor<D, Windowed2<S, O, At<S, 3>, 'kernel'>> => maxPool(x, 2, options);

/**
 * The largest of each window: [N, L, C] → [N, L', C].
 * @throws MillraceError MODEL_SHAPE where x or the window does not fit, OPTION for an option that is none.
 * @example maxPool1d(words, { kernel: 2 }) // [1, 8, 64]
 */
export const maxPool1d = <D extends Float, S extends Shape, const O extends PoolOptions>(
  x: Tensor<D, S> & SpatialVerdict<S, 1>['verdict'],
  options: O & First<OnlyOptions<O, PoolOptions>, WindowVerdict<S, O, 1>>['verdict'],
): Tensor<D, Windowed1<S, O, At<S, 2>, 'kernel'>> => maxPool(x, 1, options);

function maxPool<T extends AnyTensor>(x: AnyTensor, spatial: number, options: PoolOptions): T {
  const name = layerName('maxPool');
  checkOptions(name, options, poolNames);
  return node(name, 'maxPool', [x], poolAttrs(name, x, spatial, options));
}

/** Options of `averagePool2d` and `averagePool1d`. */
export interface AveragePoolOptions extends PoolOptions {
  /** Padding counts as zeros. Default false. */
  readonly includePadding?: boolean;
}

/**
 * The mean of each window: [N, H, W, C] → [N, H', W', C].
 * @throws MillraceError MODEL_SHAPE where x or the window does not fit, OPTION for an option that is none.
 * @example averagePool2d(image, { kernel: 2 }) // [1, 14, 14, 8]
 */
export const averagePool2d = <D extends Float, S extends Shape, const O extends AveragePoolOptions>(
  x: Tensor<D, S> & SpatialVerdict<S, 2>['verdict'],
  options: O & First<OnlyOptions<O, AveragePoolOptions>, WindowVerdict<S, O, 2>>['verdict'],
): Tensor<D, Windowed2<S, O, At<S, 3>, 'kernel'>> => averagePool(x, 2, options);

/**
 * The mean of each window: [N, L, C] → [N, L', C].
 * @throws MillraceError MODEL_SHAPE where x or the window does not fit, OPTION for an option that is none.
 * @example averagePool1d(words, { kernel: 2 }) // [1, 8, 64]
 */
export const averagePool1d = <D extends Float, S extends Shape, const O extends AveragePoolOptions>(
  x: Tensor<D, S> & SpatialVerdict<S, 1>['verdict'],
  options: O & First<OnlyOptions<O, AveragePoolOptions>, WindowVerdict<S, O, 1>>['verdict'],
): Tensor<D, Windowed1<S, O, At<S, 2>, 'kernel'>> => averagePool(x, 1, options);

function averagePool<T extends AnyTensor>(x: AnyTensor, spatial: number, options: AveragePoolOptions): T {
  const name = layerName('averagePool');
  checkOptions(name, options, [...poolNames, 'includePadding']);
  const attrs = {
    ...poolAttrs(name, x, spatial, options),
    countIncludePad: options.includePadding ?? false,
  };
  return node(name, 'averagePool', [x], attrs);
}

function poolAttrs(name: string, x: AnyTensor, spatial: number, options: PoolOptions) {
  requireSpatial(name, x, spatial);
  const window = windowOf(name, x, spatial, { ...options, stride: options.stride ?? options.kernel });
  return { ...window, ceilMode: options.ceil ?? false };
}

/** Options of `resize`. */
export interface ResizeOptions {
  /** Output height and width; or `scale`. */
  readonly size?: readonly [number, number];
  /** How many times as high and wide. */
  readonly scale?: number | readonly [number, number];
  /** Default 'nearest'. */
  readonly mode?: 'nearest' | 'linear';
  /** Which input coordinate an output pixel has. Default 'half_pixel': pixel centres at half integers. */
  readonly coordinates?: 'half_pixel' | 'align_corners' | 'asymmetric' | 'pytorch_half_pixel';
}

/**
 * [N, H, W, C] → [N, H', W', C], H' and W' by `size` or `scale`.
 * @throws MillraceError MODEL_SHAPE where x is no image, OPTION for an option that is none.
 * @example resize(image, { scale: 2, mode: 'linear' }) // [1, 56, 56, 8]
 */
export function resize<D extends Float, S extends Shape, const O extends ResizeOptions>(
  x: Tensor<D, S> & SpatialVerdict<S, 2>['verdict'],
  options: O & First<OnlyOptions<O, ResizeOptions>, ResizeVerdict<O>>['verdict'],
): Tensor<D, Resized<S, O>> {
  const given: ResizeOptions = options;
  const input: AnyTensor = x;
  const name = layerName('resize');
  checkOptions(name, given, ['size', 'scale', 'mode', 'coordinates']);
  requireSpatial(name, input, 2);
  const [height, width] = perAxis(name, given.scale ?? 1, 2) as [number, number];
  const size = given.size ?? [Math.floor(input.dim(1) * height), Math.floor(input.dim(2) * width)];
  const shape = [input.dim(0), ...size, input.dim(3)];
  const scales = shape.map((extent, axis) => extent / input.dim(axis));
  const { mode = 'nearest', coordinates = 'half_pixel' } = given;
  return node(name, 'resize', [input], { shape, scales, mode, coordinates });
}
