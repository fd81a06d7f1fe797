/**
 * Resizing in the ways that `resize` lacks: cubic, with antialiasing, of a region, of integers. Any dimensions, one after
 * the other, the last first. (ONNX Resize-19)
 */
import { elementCount } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { defineOp, required } from '../define/op.ts';
import { numbers } from '../define/typing.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';
import { checkResample, resampleTaps, type Taps } from './resample-taps.ts';

export const resample = /* @__PURE__ */ defineOp({
  name: 'resample',
  inputs: ['x'],
  attrs: {
    shape: numbers,
    scales: numbers,
    mode: 'cubic',
    coordinates: 'half_pixel',
    nearest: 'round_prefer_floor',
    cubic: -0.75,
    antialias: false,
    excludeOutside: false,
    roi: numbers,
    extrapolation: 0,
  },
  required: ['shape', 'scales'],
  traits: {
    permute(attrs, perm) {
      const rank = perm.length;
      const moved = (values: readonly number[]): number[] =>
        perm.map((_, axis) => values[perm.indexOf(axis)]!);
      const { roi } = attrs;
      return {
        attrs: {
          ...attrs,
          shape: moved(attrs.shape),
          scales: moved(attrs.scales),
          roi: roi.length === 0 ? roi : [...moved(roi.slice(0, rank)), ...moved(roi.slice(rank))],
        },
        inputs: ['same'],
        outputs: [perm],
      };
    },
  },

  infer(inputs, attrs) {
    const x = required(inputs, 0, 'x');
    checkResample(x, attrs);
    return [{ dtype: x.dtype, shape: [...attrs.shape] }];
  },

  evaluate(inputs, attrs, [type]) {
    const x = present(inputs, 0);
    const shape = [...x.type.shape];
    let from = realsOf(x);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const taps = resampleTaps(shape[axis]!, type!.shape[axis]!, axis, attrs);
      const outer = elementCount(shape.slice(0, axis));
      const inner = elementCount(shape.slice(axis + 1));
      if (!isIdentity(taps, shape[axis]!))
        from = blend(from, taps, outer, shape[axis]!, inner, attrs.extrapolation);
      shape[axis] = type!.shape[axis]!;
    }
    return [tensorOfReals(type!, Float64Array.from(from))];
  },

  host: 'blends more elements than the kernel of `resize` does',
  cost: (inputs, outputs, { mode }) => ({
    flops: (mode === 'cubic' ? 16 : 4) * elementCount(outputs[0]!.shape),
    bytes: trafficOf(inputs, outputs),
  }),
});

/** The dimension stays as it is. */
function isIdentity({ count, indices, weights, outside }: Taps, input: number): boolean {
  if (outside.length !== input || outside.includes(1)) return false;
  return indices.every((index, i) => weights[i] === (index === Math.floor(i / count) ? 1 : 0));
}

/** [outer, extent, inner] along its middle axis. */
function blend(
  x: ArrayLike<number>,
  { count, indices, weights, outside }: Taps,
  outer: number,
  extent: number,
  inner: number,
  extrapolation: number,
): Float64Array {
  const length = outside.length;
  const y = new Float64Array(outer * length * inner);
  for (let o = 0; o < outer; o++)
    for (let n = 0; n < length; n++) {
      const to = (o * length + n) * inner;
      if (outside[n] === 1) {
        y.fill(extrapolation, to, to + inner);
        continue;
      }
      for (let t = n * count; t < (n + 1) * count; t++) {
        const weight = weights[t]!;
        if (weight === 0) continue;
        const at = (o * extent + indices[t]!) * inner;
        for (let i = 0; i < inner; i++) y[to + i]! += weight * x[at + i]!;
      }
    }
  return y;
}
