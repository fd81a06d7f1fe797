/**
 * A convolution without bias and a batch normalisation: the pair that papers since Ioffe and Szegedy 2015 (arXiv
 * 1502.03167) call a convolution. Weights are `<name>.weight`, those of the normalisation `<name>.norm.weight` and so on.
 */
import { init, type Tensor } from 'millrace';
import { batchNorm, conv2d, depthwiseConv2d, type Image } from 'millrace/layers';

/** One extent, or height and width. */
type Kernel = number | readonly [number, number];

interface Windowing<K extends Kernel, T extends number, P, D extends number> {
  readonly name: string;
  readonly kernel: K;
  /** Default 1. */
  readonly stride?: T;
  /** Default: the image keeps its extent, or the part of it that the stride leaves. */
  readonly padding?: P;
  /** Default 1. */
  readonly dilation?: D;
}

export interface NormSettings {
  /** Initial weight. Small at the end of a branch, as training leaves it: then a sum of many branches stays in range. */
  readonly scale?: number;
  readonly epsilon?: number;
}

const normOf = (name: string, { scale = 1, epsilon = 1e-5 }: NormSettings) => ({
  name: `${name}.norm`,
  initializer: init.filled(scale),
  epsilon,
});

export function convNorm<
  S extends Image,
  const F extends number,
  const K extends Kernel,
  const T extends number = 1,
  const P extends number | 'same' = 'same',
  const D extends number = 1,
>(
  x: Tensor<'float32', S>,
  options: Windowing<K, T, P, D> & { readonly filters: F },
  norm: NormSettings = {},
) {
  const { name, filters, kernel, stride = 1 as T, padding = 'same' as P, dilation = 1 as D } = options;
  const y = conv2d(x, { name, filters, kernel, stride, padding, dilation, bias: false });
  return batchNorm(y, normOf(name, norm));
}

/** The same with one filter for each channel. */
export function depthwiseNorm<
  S extends Image,
  const K extends number,
  const T extends number = 1,
  const P extends number | 'same' = 'same',
>(x: Tensor<'float32', S>, options: Windowing<K, T, P, 1>, norm: NormSettings = {}) {
  const { name, kernel, stride = 1 as T, padding = 'same' as P } = options;
  return batchNorm(depthwiseConv2d(x, { name, kernel, stride, padding, bias: false }), normOf(name, norm));
}
