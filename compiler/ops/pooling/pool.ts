/**
 * What pools have in common: maximum and average over a sliding window of each channel, with ONNX's ceil mode and
 * padding. `maxPool` and `averagePool` say what a window's taps become.
 */

import type { PoolMode } from '../../../runtime/kernels/functions.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { elementCount, type TensorType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { type Cost, call, type Lowered } from '../define/lowering.ts';
import { shapeError } from '../define/op.ts';
import { numbers } from '../define/typing.ts';
import { allFloat32 } from '../lowering/panels.ts';
import {
  checkWindow,
  outputExtents,
  reach,
  spatialRank,
  type WindowAttrs,
  type WindowAxis,
  windowOf,
  windowParams,
} from '../lowering/window.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';

export interface PoolAttrs extends WindowAttrs {
  readonly kernel: readonly number[];
  readonly ceilMode: boolean;
}

export const poolAttrs = {
  kernel: numbers,
  strides: numbers,
  dilations: numbers,
  pads: numbers,
  ceilMode: false,
} as const;
export const poolRequired = ['kernel', 'strides', 'dilations', 'pads'] as const;

export function inferPool(x: TensorType, attrs: PoolAttrs): TensorType {
  const rank = spatialRank(x);
  const { kernel, pads, dilations } = attrs;
  checkWindow(rank, kernel, attrs);
  // A larger pad would make windows without any tap inside the image.
  kernel.forEach((size, i) => {
    const most = reach(size, dilations[i]!) - 1;
    for (const pad of [pads[i]!, pads[rank + i]!])
      if (pad < 0 || pad > most)
        throw shapeError('pads', `between 0 and ${most} along spatial axis ${i}`, `${pad}`);
  });
  const spatial = outputExtents(x.shape.slice(1, -1), kernel, attrs, attrs.ceilMode);
  return { dtype: x.dtype, shape: [x.shape[0]!, ...spatial, x.shape.at(-1)!] };
}

/** Taps of output o that lie in [low, high), as a range of k. */
function tapsWithin(axis: WindowAxis, o: number, low: number, high: number): [first: number, end: number] {
  const at = o * axis.stride - axis.begin;
  const first = Math.max(0, Math.ceil((low - at) / axis.dilation));
  const end = Math.min(axis.kernel, Math.ceil((high - at) / axis.dilation));
  return [first, Math.max(first, end)];
}

const inImage = (axis: WindowAxis, o: number) => tapsWithin(axis, o, 0, axis.input);
/** Taps that count when padding does: in ceil mode the last window may reach past the padding. */
const paddedTaps = (axis: WindowAxis, o: number): number => {
  const [first, end] = tapsWithin(axis, o, -axis.begin, axis.input + axis.end);
  return end - first;
};

/** The reference of both: a maximum, or a sum divided by the taps inside the image or the padded image. */
export function evaluatePool(
  inputs: readonly (Tensor | null)[],
  attrs: PoolAttrs,
  y: TensorType,
  mode: PoolMode,
): Tensor[] {
  const x = present(inputs, 0);
  const pixels = realsOf(x);
  const channels = y.shape.at(-1)!;
  const { batch, h, w } = windowOf(x.type.shape, y.shape, attrs.kernel, attrs);
  const result = new Float64Array(elementCount(y.shape));
  const maximum = mode === 'maximum';
  let to = 0;
  for (let b = 0; b < batch; b++)
    for (let oh = 0; oh < h.output; oh++)
      for (let ow = 0; ow < w.output; ow++) {
        const [h0, h1] = inImage(h, oh);
        const [w0, w1] = inImage(w, ow);
        const taps = mode === 'averagePadded' ? paddedTaps(h, oh) * paddedTaps(w, ow) : (h1 - h0) * (w1 - w0);
        for (let c = 0; c < channels; c++) {
          let value = maximum ? Number.NEGATIVE_INFINITY : 0;
          for (let kh = h0; kh < h1; kh++)
            for (let kw = w0; kw < w1; kw++) {
              const ih = oh * h.stride - h.begin + kh * h.dilation;
              const iw = ow * w.stride - w.begin + kw * w.dilation;
              const pixel = pixels[((b * h.input + ih) * w.input + iw) * channels + c]!;
              value = maximum ? Math.max(value, pixel) : value + pixel;
            }
          result[to++] = maximum ? value : value / Math.max(1, taps);
        }
      }
  return [tensorOfReals(y, result)];
}

export function lowerPool(
  x: TensorType | null | undefined,
  attrs: PoolAttrs,
  y: TensorType,
  mode: PoolMode,
): Lowered | null {
  if (!x || !allFloat32(x, y)) return null;
  const channels = y.shape.at(-1)!;
  const window = windowOf(x.shape, y.shape, attrs.kernel, attrs);
  return {
    calls: [
      call(
        'f32-pool',
        { y: { output: 0 }, x: { input: 0 } },
        {
          ...windowParams(window, channels, channels),
          padBottom: window.h.end,
          padRight: window.w.end,
          ldx: channels,
          ldy: channels,
          mode,
        },
      ),
    ],
    weights: [],
    scratch: [],
  };
}

/** One operation per tap. */
export const poolCost = (
  inputs: readonly (TensorType | null)[],
  outputs: readonly TensorType[],
  attrs: PoolAttrs,
): Cost => ({
  flops: elementCount(outputs[0]!.shape) * elementCount(attrs.kernel),
  bytes: trafficOf(inputs, outputs),
});
