/**
 * The plain reference of convolutions: each output gathers from the input pixels that its taps reach. What a tap
 * reaches and which weight it has is all that a convolution and its transpose differ in.
 */
import { elementCount, type TensorType } from '../../ir/types.ts';
import type { Window, WindowAxis } from '../lowering/window.ts';

interface Convolution {
  readonly window: Window;
  readonly groups: number;
  /** x [N, …, C] as numbers. */
  readonly pixels: ArrayLike<number>;
  readonly channels: number;
  readonly bias: ArrayLike<number> | null;
  /** Input index that tap k brings to output o along an axis, or −1. */
  readonly source: (axis: WindowAxis, o: number, k: number) => number;
  /** Weight of output channel n for input channel c of its group, at a tap. */
  readonly weight: (n: number, c: number, tap: number) => number;
}

/** y [N, …, O], without an epilogue. */
export function convolve(
  type: TensorType,
  { window, groups, pixels, channels, bias, source, weight }: Convolution,
) {
  const { batch, h, w: v } = window;
  const outC = type.shape.at(-1)!;
  const groupC = channels / groups;
  const taps = h.kernel * v.kernel;
  const y = new Float64Array(elementCount(type.shape));
  // The weights of one output channel, in the order kh, kw, c in which the kernels add.
  const row = new Float64Array(taps * groupC);
  for (let n = 0; n < outC; n++) {
    for (let c = 0; c < groupC; c++)
      for (let tap = 0; tap < taps; tap++) row[tap * groupC + c] = weight(n, c, tap);
    const c0 = Math.floor(n / (outC / groups)) * groupC;
    for (let b = 0; b < batch; b++)
      for (let oh = 0; oh < h.output; oh++)
        for (let ow = 0; ow < v.output; ow++) {
          let sum = bias === null ? 0 : bias[n]!;
          for (let kh = 0; kh < h.kernel; kh++) {
            const ih = source(h, oh, kh);
            if (ih < 0) continue;
            for (let kw = 0; kw < v.kernel; kw++) {
              const iw = source(v, ow, kw);
              if (iw < 0) continue;
              const from = ((b * h.input + ih) * v.input + iw) * channels + c0;
              const tap = (kh * v.kernel + kw) * groupC;
              for (let c = 0; c < groupC; c++) sum += pixels[from + c]! * row[tap + c]!;
            }
          }
          y[((b * h.output + oh) * v.output + ow) * outC + n] = sum;
        }
  }
  return y;
}
