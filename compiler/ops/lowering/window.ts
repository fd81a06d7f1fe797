/**
 * The geometry of sliding windows, shared by convolutions and pools: ONNX attributes (strides, dilations, pads as
 * begins then ends) over [batch, …spatial, channels] with one or two spatial dimensions. Invariant: everything
 * past this file sees two spatial axes; a one-dimensional window is one of height 1.
 */
import type { KernelParams } from '../../../runtime/kernels/table.ts';
import { formatType, type Shape, type TensorType } from '../../ir/types.ts';
import { shapeError } from '../define/op.ts';

export interface WindowAttrs {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

/** One spatial axis: tap k of output o reads input o·stride − begin + k·dilation. */
export interface WindowAxis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly begin: number;
  readonly end: number;
}

export interface Window {
  readonly batch: number;
  readonly h: WindowAxis;
  readonly w: WindowAxis;
}

const flat: WindowAxis = { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, begin: 0, end: 0 };

/** The window of x [N, …spatial, C] giving y [N, …spatial, C']. */
export function windowOf(x: Shape, y: Shape, kernel: readonly number[], attrs: WindowAttrs): Window {
  const rank = kernel.length;
  const axis = (i: number): WindowAxis => ({
    input: x[1 + i]!,
    output: y[1 + i]!,
    kernel: kernel[i]!,
    stride: attrs.strides[i]!,
    dilation: attrs.dilations[i]!,
    begin: attrs.pads[i]!,
    end: attrs.pads[rank + i]!,
  });
  const batch = x[0]!;
  return rank === 1 ? { batch, h: flat, w: axis(0) } : { batch, h: axis(0), w: axis(1) };
}

/** The window parameters every kernel of this kind begins with. */
export const windowParams = ({ batch, h, w }: Window, inC: number, outC: number) =>
  ({
    batch,
    inH: h.input,
    inW: w.input,
    inC,
    outH: h.output,
    outW: w.output,
    outC,
    kernelH: h.kernel,
    kernelW: w.kernel,
    strideH: h.stride,
    strideW: w.stride,
    dilationH: h.dilation,
    dilationW: w.dilation,
    padTop: h.begin,
    padLeft: w.begin,
  }) satisfies Partial<KernelParams<'f32-conv'>>;

/** Number of spatial dimensions of a channels-last image, one or two. */
export function spatialRank(x: TensorType): number {
  const rank = x.shape.length - 2;
  if (rank !== 1 && rank !== 2)
    throw shapeError(
      'input x',
      '[batch, length, channels] or [batch, height, width, channels]',
      formatType(x),
    );
  return rank;
}

const list = (values: readonly number[]): string => `[${values.join(',')}]`;

/** Throws unless the attributes describe a window over `rank` spatial dimensions. */
export function checkWindow(rank: number, kernel: readonly number[], attrs: WindowAttrs): void {
  const { strides, dilations, pads } = attrs;
  for (const [name, values] of Object.entries({ kernel, strides, dilations }))
    if (values.length !== rank || values.some((value) => !Number.isInteger(value) || value < 1))
      throw shapeError(name, `${rank} positive integer${rank === 1 ? '' : 's'}`, list(values));
  if (pads.length !== 2 * rank || !pads.every(Number.isInteger))
    throw shapeError('pads', `${2 * rank} integers, begins then ends`, list(pads));
}

/** Extent of the dilated window. */
export const reach = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/**
 * Spatial output extents of a convolution or pool. With `ceil`, a last window that does not fit still counts if it
 * begins inside the image or its begin padding; one that would begin in the end padding does not (ONNX MaxPool,
 * AveragePool: "sliding windows that would start in the right padded region are ignored").
 */
export function outputExtents(
  spatial: readonly number[],
  kernel: readonly number[],
  { strides, dilations, pads }: WindowAttrs,
  ceil = false,
): number[] {
  return spatial.map((input, i) => {
    const stride = strides[i]!;
    const begin = pads[i]!;
    const room = input + begin + pads[spatial.length + i]! - reach(kernel[i]!, dilations[i]!);
    if (room < 0)
      throw shapeError(
        'window',
        `at most ${room + reach(kernel[i]!, dilations[i]!)} (the padded input) along spatial axis ${i}`,
        `${reach(kernel[i]!, dilations[i]!)} (the dilated kernel)`,
      );
    if (!ceil) return Math.floor(room / stride) + 1;
    const output = Math.ceil(room / stride) + 1;
    return (output - 1) * stride >= input + begin ? output - 1 : output;
  });
}
