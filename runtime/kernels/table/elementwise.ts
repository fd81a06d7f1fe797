/** Functions of elements, and of elements with a scale and a shift for each channel. */
import { box, floatRows, floats, numberedOf } from '../extents.ts';
import { castBytes } from '../functions.ts';
import { FLOAT_BYTES } from '../layouts.ts';
import { whole } from '../region.ts';
import { defineKernel } from '../signature.ts';
import { anyInput, anyOut, count, dimNames, dims6, epilogue, i32, input, out, weight } from './operands.ts';

export const elementwiseKernels = {
  /** y[i] = fn(x[i]). */
  'f32-unary': defineKernel({
    operands: { y: out, x: input },
    params: { count: count, fn: 'unary', alpha: 'f32', beta: 'f32' },
    extent: { y: (p) => floats(p.count), x: (p) => floats(p.count) },
    work: { unit: 'elements', times: [count] },
    split: 'elements',
    inPlace: ['x'],
  }),
  /** y[…] = act(fn(a[…], b[…])), y dense over dims, a and b by strides (0 repeats). prelu(a, b): a < 0 ? a·b : a;
   * min and max are NaN where a or b is; pow is IEEE 754's. */
  'f32-binary': defineKernel({
    operands: { y: out, a: input, b: input },
    params: {
      ...dims6,
      a0: i32,
      a1: i32,
      a2: i32,
      a3: i32,
      a4: i32,
      a5: i32,
      b0: i32,
      b1: i32,
      b2: i32,
      b3: i32,
      b4: i32,
      b5: i32,
      fn: 'binary',
      ...epilogue,
    },
    extent: {
      y: (p) => floats(numberedOf(p, 'd').reduce((count, dim) => count * dim, 1)),
      a: (p) => box(numberedOf(p, 'd'), numberedOf(p, 'a'), 0, FLOAT_BYTES),
      b: (p) => box(numberedOf(p, 'd'), numberedOf(p, 'b'), 0, FLOAT_BYTES),
    },
    work: { unit: 'elements', times: dimNames },
    split: 'elements',
    inPlace: ['a', 'b'],
    strides: { a: 'a', b: 'b' },
  }),
  /** y[r,c] = act(x[r,c]·scale[c] + shift[c]); w is scale[channels] then shift[channels]; rows ldx and ldy apart. */
  'f32-affine': defineKernel({
    operands: { y: out, x: input, w: weight },
    params: { rows: count, channels: count, ldx: count, ldy: count, ...epilogue },
    extent: {
      y: (p) => floatRows(p.rows, p.ldy, p.channels),
      x: (p) => floatRows(p.rows, p.ldx, p.channels),
      w: (p) => floats(2 * p.channels),
    },
    work: { unit: 'elements', times: ['rows', 'channels'] },
    split: 'rows',
    inPlace: ['x'],
    rows: { y: { step: 'ldy', width: 'channels' }, x: { step: 'ldx', width: 'channels' } },
  }),
  /** Floating point to integer truncates towards zero and saturates (NaN: 0), integer to a narrower integer wraps
   * around, to float16 rounds to nearest even, to bool is 1 where not zero. */
  cast: defineKernel({
    operands: { y: anyOut, x: anyInput },
    params: { count: count, from: 'cast', to: 'cast' },
    extent: {
      y: (p) => [whole(p.count * castBytes[p.to])],
      x: (p) => [whole(p.count * castBytes[p.from])],
    },
    work: { unit: 'elements', times: [count] },
    split: 'elements',
  }),
} as const;
