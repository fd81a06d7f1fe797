/** Pooling and resampling over the spatial dimensions. */
import { layerName, node } from '../define.ts';
import type { Tensor } from '../tensor.ts';
import { type Padding, type PerAxis, windowOf } from './convolution.ts';

export interface PoolOptions {
  readonly kernel: PerAxis;
  /** Default: the kernel. */
  readonly strides?: PerAxis;
  readonly padding?: Padding;
  /** Keep a last window that is only partly inside. */
  readonly ceil?: boolean;
}

export const maxPool = (x: Tensor, options: PoolOptions): Tensor =>
  node(layerName('maxPool'), 'maxPool', [x], { ...pool(x, options), ceilMode: options.ceil ?? false })[0]!;

/** Padding does not count, unless `includePadding`. */
export const averagePool = (
  x: Tensor,
  options: PoolOptions & { readonly includePadding?: boolean },
): Tensor =>
  node(layerName('averagePool'), 'averagePool', [x], {
    ...pool(x, options),
    ceilMode: options.ceil ?? false,
    countIncludePad: options.includePadding ?? false,
  })[0]!;

function pool(x: Tensor, options: PoolOptions) {
  return windowOf(x, x.rank - 2, { ...options, strides: options.strides ?? options.kernel });
}

/** [N, …spatial, C] → [N, C]. */
export const globalAveragePool = (x: Tensor): Tensor => overSpatial(x, 'reduceMean');
export const globalMaxPool = (x: Tensor): Tensor => overSpatial(x, 'reduceMax');

function overSpatial(x: Tensor, op: string): Tensor {
  const axes = Array.from({ length: x.rank - 2 }, (_, i) => i + 1);
  return node(layerName('globalPool'), op, [x], { axes, keepDims: false })[0]!;
}

export interface ResizeOptions {
  /** Output height and width. */
  readonly size: readonly [number, number];
  readonly mode?: 'nearest' | 'linear';
}

/** [N, H, W, C] → [N, size, C]; pixel centres at half integers. */
export function resize(x: Tensor, options: ResizeOptions): Tensor {
  const shape = [x.dim(0), ...options.size, x.dim(3)];
  const scales = shape.map((extent, axis) => extent / x.dim(axis));
  return node(layerName('resize'), 'resize', [x], { shape, scales, mode: options.mode ?? 'nearest' })[0]!;
}
