/**
 * Where each element of a resampled dimension comes from: any number of elements of the old one, with weights. Linear and
 * cubic (Keys' kernel with coefficient `cubic`), stretched over what an element covers if `antialias`. (ONNX Resize-19)
 */
import type { TensorType } from '../../ir/types.ts';
import { shapeError } from '../define/op.ts';
import {
  checkSizes,
  coordinateNames,
  coordinateOf,
  nearestOf,
  type ResizeAttrs,
  rounding,
} from './resize-taps.ts';

export interface ResampleAttrs extends ResizeAttrs {
  readonly cubic: number;
  readonly antialias: boolean;
  /** Elements beyond the ends have no weight; else they are those at the ends. */
  readonly excludeOutside: boolean;
  /** Starts of all axes, then ends, as parts of the extent; for `tf_crop_and_resize`. */
  readonly roi: readonly number[];
  /** What is outside in that mode. */
  readonly extrapolation: number;
}

/** Output o is Σ over t < `count` of weights[o·count + t] · x[indices[o·count + t]]. */
export interface Taps {
  readonly count: number;
  readonly indices: Int32Array;
  readonly weights: Float64Array;
  /** 1 where the output is nothing but `extrapolation`. */
  readonly outside: Uint8Array;
}

/** Throws unless the attributes describe a resampling of x. */
export function checkResample(x: TensorType, attrs: ResampleAttrs): void {
  const rank = x.shape.length;
  const { mode, coordinates, nearest, roi } = attrs;
  const modes = ['nearest', 'linear', 'cubic'];
  if (!modes.includes(mode)) throw shapeError('mode', modes.join(', '), `"${mode}"`);
  const crops = coordinates === 'tf_crop_and_resize';
  if (!crops && !coordinateNames.includes(coordinates))
    throw shapeError(
      'coordinates',
      [...coordinateNames, 'tf_crop_and_resize'].join(', '),
      `"${coordinates}"`,
    );
  if (!(nearest in rounding)) throw shapeError('nearest', Object.keys(rounding).join(', '), `"${nearest}"`);
  checkSizes(x, attrs);
  if (crops && (roi.length !== 2 * rank || !roi.every(Number.isFinite)))
    throw shapeError('roi', `${2 * rank} numbers, starts then ends`, `[${roi}]`);
}

/** Keys' cubic kernel. (Keys, Cubic Convolution Interpolation, 1981) */
export function keys(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

const triangle = (distance: number): number => Math.max(0, 1 - Math.abs(distance));

/** Where output o of a cropped dimension lies. */
function cropped(o: number, input: number, output: number, start: number, end: number): number {
  const last = input - 1;
  return output > 1 ? start * last + (o * (end - start) * last) / (output - 1) : 0.5 * (start + end) * last;
}

/** Taps of one axis. */
export function resampleTaps(input: number, output: number, axis: number, attrs: ResampleAttrs): Taps {
  const { mode, roi, cubic } = attrs;
  const crops = attrs.coordinates === 'tf_crop_and_resize';
  const [start, end] = [roi[axis] ?? 0, roi[axis + roi.length / 2] ?? 1];
  const plain = crops ? null : coordinateOf(input, output, attrs.scales[axis]!, attrs);
  const stretch = attrs.antialias ? Math.max(1, 1 / attrs.scales[axis]!) : 1;
  const reach = (mode === 'cubic' ? 2 : 1) * stretch;
  const count = mode === 'nearest' ? 1 : 2 * Math.ceil(reach);
  const taps: Taps = {
    count,
    indices: new Int32Array(output * count),
    weights: new Float64Array(output * count),
    outside: new Uint8Array(output),
  };
  for (let o = 0; o < output; o++) {
    const at = plain === null ? cropped(o, input, output, start, end) : plain(o);
    taps.outside[o] = crops && (at < 0 || at > input - 1) ? 1 : 0;
    if (mode === 'nearest') {
      taps.indices[o] = Math.max(0, Math.min(input - 1, nearestOf(at, attrs)));
      taps.weights[o] = 1;
      continue;
    }
    const first = Math.floor(at) + 1 - count / 2;
    let total = 0;
    for (let t = 0; t < count; t++) {
      const index = first + t;
      const inside = index >= 0 && index < input;
      const distance = (index - at) / stretch;
      const weight = mode === 'cubic' ? keys(distance, cubic) : triangle(distance);
      const kept = inside || !attrs.excludeOutside ? weight : 0;
      taps.indices[o * count + t] = Math.max(0, Math.min(input - 1, index));
      taps.weights[o * count + t] = kept;
      total += kept;
    }
    for (let t = 0; t < count; t++) taps.weights[o * count + t]! /= total;
  }
  return taps;
}
