/** Kernels that read rows or columns whole before they write: sums, norms and softmax. */
import { floats } from '../extents.ts';
import { defineKernel } from '../signature.ts';
import { count, epilogue, input, out, weight } from './operands.ts';

export const normalizationKernels = {
  /** y[o,i] = fn over r of x[o,r,i]. An extremum with a NaN is NaN. */
  'f32-reduce': defineKernel({
    operands: { y: out, x: input },
    params: { outer: count, reduce: count, inner: count, fn: 'reduce' },
    extent: {
      y: (p) => floats(p.outer * p.inner),
      x: (p) => floats(p.outer * p.reduce * p.inner),
    },
    work: { unit: 'elements', times: ['outer', 'reduce', 'inner'] },
    split: 'elements',
  }),
  /** Softmax (log: 1 for its logarithm) over the middle of [outer, axis, inner]. */
  'f32-softmax': defineKernel({
    operands: { y: out, x: input },
    params: { outer: count, axis: count, inner: count, log: 'flag' },
    extent: {
      y: (p) => floats(p.outer * p.axis * p.inner),
      x: (p) => floats(p.outer * p.axis * p.inner),
    },
    work: { unit: 'elements', times: ['outer', 'axis', 'inner'] },
    split: 'rows',
    inPlace: ['x'],
  }),
  /** Mean and variance per batch and channel over `spatial`; w is scale[channels] then bias[channels]. */
  'f32-instance-norm': defineKernel({
    operands: { y: out, x: input, w: weight },
    params: { batch: count, spatial: count, channels: count, epsilon: 'f32', ...epilogue },
    extent: {
      y: (p) => floats(p.batch * p.spatial * p.channels),
      x: (p) => floats(p.batch * p.spatial * p.channels),
      w: (p) => floats(2 * p.channels),
    },
    work: { unit: 'elements', times: ['batch', 'spatial', 'channels'] },
    split: 'elements',
    inPlace: ['x'],
  }),
  /**
   * Each row by its own mean and variance: y[r,c] = (x[r,c] − mean) / √(variance + epsilon)·scale[c] + bias[c]; w is
   * scale[columns] then bias[columns]. rms 1: by its root mean square, x[r,c] / √(mean x² + epsilon)·scale[c], and w
   * is scale alone.
   */
  'f32-layer-norm': defineKernel({
    operands: { y: out, x: input, w: weight },
    params: { rows: count, columns: count, epsilon: 'f32', rms: 'flag' },
    extent: {
      y: (p) => floats(p.rows * p.columns),
      x: (p) => floats(p.rows * p.columns),
      w: (p) => floats((p.rms === 1 ? 1 : 2) * p.columns),
    },
    work: { unit: 'elements', times: ['rows', 'columns'] },
    split: 'rows',
    inPlace: ['x'],
  }),
  /** Local response normalisation over channels: x / (bias + alpha/size · Σ x²)^beta, window as ONNX has it. */
  'f32-lrn': defineKernel({
    operands: { y: out, x: input },
    params: { rows: count, channels: count, size: 'size', alpha: 'f32', beta: 'f32', bias: 'f32' },
    extent: {
      y: (p) => floats(p.rows * p.channels),
      x: (p) => floats(p.rows * p.channels),
    },
    work: { unit: 'elements', times: ['rows', 'channels'] },
    split: 'rows',
  }),
} as const;
