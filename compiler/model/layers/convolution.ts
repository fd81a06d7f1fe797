/** Convolutions and dense layers: everything with a weight and a bias. */
import { MillraceError } from '../../../runtime/error.ts';
import { layerName, node, parameter } from '../define.ts';
import { constant, he, type Initializer } from '../initializers.ts';
import type { Tensor } from '../tensor.ts';

/** One number for every spatial dimension, or one each. */
export type PerAxis = number | readonly number[];
/**
 * `same`: output ⌈input / stride⌉, the odd pixel of padding at the end. `valid`: none. A number: on every side.
 * A list: begins, then ends ([top, left, bottom, right]).
 */
export type Padding = 'same' | 'valid' | PerAxis;

export interface ConvOptions {
  readonly filters: number;
  readonly kernel: PerAxis;
  readonly strides?: PerAxis;
  readonly dilations?: PerAxis;
  readonly padding?: Padding;
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
  readonly initializer?: Initializer;
  readonly name?: string;
}

/** [N, H, W, C] → [N, H', W', filters]. */
export const conv2d = (x: Tensor, options: ConvOptions): Tensor => convolution(x, 2, 'conv', options);

/** [N, L, C] → [N, L', filters]. */
export const conv1d = (x: Tensor, options: ConvOptions): Tensor => convolution(x, 1, 'conv', options);

/** One filter for each channel: [N, H, W, C] → [N, H', W', C]. */
export const depthwiseConv2d = (x: Tensor, options: Omit<ConvOptions, 'filters' | 'groups'>): Tensor =>
  convolution(x, 2, 'depthwise', { ...options, filters: x.dim(-1), groups: x.dim(-1) });

function convolution(x: Tensor, spatial: number, base: string, options: ConvOptions): Tensor {
  const name = layerName(options.name ?? base);
  requireSpatial(x, spatial, name);
  const groups = options.groups ?? 1;
  const inputs = x.dim(-1);
  if (inputs % groups !== 0 || options.filters % groups !== 0)
    throw new MillraceError('MODEL_SHAPE', 'channels do not divide into groups', {
      at: name,
      expected: `input channels and filters that are multiples of ${groups}`,
      got: `${inputs} and ${options.filters}`,
    });
  const geometry = windowOf(x, spatial, options);
  const weight = parameter(
    name,
    'weight',
    [options.filters, inputs / groups, ...geometry.kernel],
    options.initializer ?? he,
  );
  const bias = options.bias === false ? null : parameter(name, 'bias', [options.filters], constant(0));
  const { strides, dilations, pads } = geometry;
  return node(name, 'conv', [x, weight, bias], { strides, dilations, pads, groups })[0]!;
}

export interface ConvTransposeOptions extends Omit<ConvOptions, 'padding' | 'groups'> {
  /** Default 0; the output is (input − 1)·stride + dilation·(kernel − 1) + 1 − padding on both sides. */
  readonly padding?: PerAxis;
  readonly outputPadding?: PerAxis;
}

/** [N, H, W, C] → [N, H', W', filters], the gradient of a convolution. */
export function convTranspose2d(x: Tensor, options: ConvTransposeOptions): Tensor {
  const name = layerName(options.name ?? 'convTranspose');
  requireSpatial(x, 2, name);
  const kernel = perAxis(options.kernel, 2);
  const shape = [x.dim(-1), options.filters, ...kernel];
  const weight = parameter(name, 'weight', shape, options.initializer ?? he);
  const bias = options.bias === false ? null : parameter(name, 'bias', [options.filters], constant(0));
  return node(name, 'convTranspose', [x, weight, bias], {
    strides: perAxis(options.strides ?? 1, 2),
    dilations: perAxis(options.dilations ?? 1, 2),
    pads: padsOf(options.padding ?? 0, 2),
    outputPadding: perAxis(options.outputPadding ?? 0, 2),
  })[0]!;
}

export interface DenseOptions {
  readonly units: number;
  readonly bias?: boolean;
  readonly initializer?: Initializer;
  readonly name?: string;
}

/** [..., C] → [..., units]; the weight is [units, C]. */
export function dense(x: Tensor, options: DenseOptions): Tensor {
  const name = layerName(options.name ?? 'dense');
  const weight = parameter(name, 'weight', [options.units, x.dim(-1)], options.initializer ?? he);
  const bias = options.bias === false ? null : parameter(name, 'bias', [options.units], constant(0));
  return node(name, 'matmul', [x, weight, bias], { transB: true })[0]!;
}

export interface Window {
  readonly kernel: number[];
  readonly strides: number[];
  readonly dilations: number[];
  readonly pads: number[];
}

/** Numbers of a sliding window over the spatial dimensions of x. */
export function windowOf(
  x: Tensor,
  spatial: number,
  options: { kernel: PerAxis; strides?: PerAxis; dilations?: PerAxis; padding?: Padding },
): Window {
  const kernel = perAxis(options.kernel, spatial);
  const strides = perAxis(options.strides ?? 1, spatial);
  const dilations = perAxis(options.dilations ?? 1, spatial);
  const padding = options.padding ?? 'valid';
  if (padding === 'valid')
    return { kernel, strides, dilations, pads: new Array<number>(2 * spatial).fill(0) };
  if (padding !== 'same') return { kernel, strides, dilations, pads: padsOf(padding, spatial) };
  const totals = kernel.map((size, axis) => {
    const input = x.dim(1 + axis);
    const stride = strides[axis]!;
    return Math.max(0, (Math.ceil(input / stride) - 1) * stride + (size - 1) * dilations[axis]! + 1 - input);
  });
  const begins = totals.map((total) => Math.floor(total / 2));
  return { kernel, strides, dilations, pads: [...begins, ...totals.map((total, i) => total - begins[i]!)] };
}

function padsOf(padding: PerAxis, spatial: number): number[] {
  if (typeof padding === 'number') return new Array<number>(2 * spatial).fill(padding);
  if (padding.length === spatial) return [...padding, ...padding];
  if (padding.length === 2 * spatial) return [...padding];
  throw new MillraceError('MODEL_SHAPE', 'padding', {
    expected: `1, ${spatial} or ${2 * spatial} numbers`,
    got: `${padding.length}`,
  });
}

export function perAxis(value: PerAxis, count: number): number[] {
  if (typeof value === 'number') return new Array<number>(count).fill(value);
  if (value.length !== count)
    throw new MillraceError('MODEL_SHAPE', 'a number for each axis', {
      expected: String(count),
      got: String(value.length),
    });
  return [...value];
}

export function requireSpatial(x: Tensor, spatial: number, name: string): void {
  if (x.rank !== spatial + 2)
    throw new MillraceError('MODEL_SHAPE', 'input', {
      at: name,
      expected: spatial === 2 ? '[batch, height, width, channels]' : '[batch, length, channels]',
      got: `[${x.shape.join(', ')}]`,
    });
}
