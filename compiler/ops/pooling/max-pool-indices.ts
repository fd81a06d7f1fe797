/**
 * Where the largest element of each window is, as its number in the input: in ONNX's order [N, C, …spatial], or with the
 * spatial dimensions in reverse (`columnMajor`). The first of equals; padding never wins. Pixels of any dimensions.
 * (ONNX MaxPool-22, output Indices)
 */
import { type Tensor, zeros } from '../../ir/tensor.ts';
import { elementCount, type Shape, stridesOf, type TensorType } from '../../ir/types.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { checkWindow, outputExtents } from '../lowering/window.ts';
import { present, realsOf } from '../reference/reals.ts';
import { type PoolAttrs, poolAttrs, poolCost, poolRequired } from './pool.ts';

/** Where along an axis the taps of each output are; −1 outside. */
function axisTaps(input: number, output: number, attrs: PoolAttrs, axis: number): Int32Array {
  const kernel = attrs.kernel[axis]!;
  const taps = new Int32Array(output * kernel);
  for (let o = 0; o < output; o++)
    for (let k = 0; k < kernel; k++) {
      const at = o * attrs.strides[axis]! - attrs.pads[axis]! + k * attrs.dilations[axis]!;
      taps[o * kernel + k] = at < input ? Math.max(at, -1) : -1;
    }
  return taps;
}

/** The pixels of a window that are inside, in the order of taps: their places in x, and their numbers in ONNX's order. */
interface Pixels {
  readonly x: number[];
  readonly number: number[];
}

export const maxPoolIndices = /* @__PURE__ */ defineOp({
  name: 'maxPoolIndices',
  inputs: ['x'],
  attrs: { ...poolAttrs, columnMajor: false },
  required: poolRequired,
  traits: {},
  infer(inputs, attrs) {
    const x = required(inputs, 0, 'x');
    const rank = x.shape.length - 2;
    if (rank < 1) throw shapeError('input x', '[batch, …spatial, channels]', `rank ${x.shape.length}`);
    checkWindow(rank, attrs.kernel, attrs);
    const spatial = outputExtents(x.shape.slice(1, -1), attrs.kernel, attrs, attrs.ceilMode);
    return [{ dtype: 'int64', shape: [x.shape[0]!, ...spatial, x.shape.at(-1)!] }];
  },
  evaluate: (inputs, attrs, [y]) => [search(present(inputs, 0), attrs, y!)],
  host: 'finds places, which few networks ask for',
  cost: poolCost,
});

function search(x: Tensor, attrs: PoolAttrs & { readonly columnMajor: boolean }, type: TensorType): Tensor {
  const { shape } = x.type;
  const pixels = realsOf(x);
  const [batch, channels] = [shape[0]!, shape.at(-1)!];
  const [from, to] = [shape.slice(1, -1), type.shape.slice(1, -1)];
  const image = elementCount(from);
  const taps = from.map((input, axis) => axisTaps(input, to[axis]!, attrs, axis));
  const numbering = numberingOf(from, attrs.columnMajor);
  const y = zeros(type);
  const best = new Float64Array(channels);
  const place = new Int32Array(channels);
  const position = new Array<number>(to.length).fill(0);
  for (let b = 0; b < batch; b++)
    for (let o = 0; o < elementCount(to); o++) {
      const window = windowAt(position, taps, attrs.kernel, stridesOf(from), numbering);
      best.fill(Number.NEGATIVE_INFINITY);
      place.fill(-1);
      for (let k = 0; k < window.x.length; k++) {
        const first = (b * image + window.x[k]!) * channels;
        for (let c = 0; c < channels; c++) {
          const value = pixels[first + c]!;
          if (!(value > best[c]!) && place[c]! >= 0) continue;
          best[c] = value;
          place[c] = window.number[k]!;
        }
      }
      const at = (b * elementCount(to) + o) * channels;
      for (let c = 0; c < channels; c++)
        y.data[at + c] = BigInt((b * channels + c) * image + Math.max(0, place[c]!));
      for (let i = to.length - 1; i >= 0 && ++position[i]! === to[i]; i--) position[i] = 0;
    }
  return y;
}

/** Strides of ONNX's numbers over the spatial dimensions. */
const numberingOf = (spatial: Shape, columnMajor: boolean): number[] =>
  columnMajor ? stridesOf(spatial.toReversed()).toReversed() : stridesOf(spatial);

function windowAt(
  position: readonly number[],
  taps: readonly Int32Array[],
  kernel: readonly number[],
  strides: readonly number[],
  numbering: readonly number[],
): Pixels {
  let window: Pixels = { x: [0], number: [0] };
  for (const [axis, table] of taps.entries()) {
    const next: Pixels = { x: [], number: [] };
    for (const [i, base] of window.x.entries())
      for (let k = 0; k < kernel[axis]!; k++) {
        const at = table[position[axis]! * kernel[axis]! + k]!;
        if (at < 0) continue;
        next.x.push(base + at * strides[axis]!);
        next.number.push(window.number[i]! + at * numbering[axis]!);
      }
    window = next;
  }
  return window;
}
