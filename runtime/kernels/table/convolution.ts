/** Kernels over sliding windows: weights in panels, channels-last images, pixels whose rows may lie apart. */
import { floatRows, floats, nowhere, panelsOf, pieceRows } from '../extents.ts';
import { PANEL } from '../layouts.ts';
import { defineKernel, type ParamsOf } from '../signature.ts';
import {
  count,
  epilogue,
  i32,
  input,
  optionalInput,
  out,
  piece,
  pixelRows,
  pixelsIn,
  pixelsOut,
  weight,
  window,
} from './operands.ts';

const operands = { y: out, x: input, w: weight, residual: optionalInput } as const;
const strides = { ldx: count, ldy: count, ldr: count } as const;

type Piece = ParamsOf<typeof window & typeof strides & typeof piece> & { readonly groups?: number };

type Grouped = Piece & { readonly groups: number };

const pieceExtent = {
  y: (p: Piece) => pieceRows(p, pixelsOut(p), p.ldy, p.outC, p.groups),
  residual: (p: Piece) => pieceRows(p, pixelsOut(p), p.ldr, p.outC, p.groups),
};
const groupedExtent = {
  ...pieceExtent,
  x: (p: Grouped) => (p.inC % p.groups === 0 ? floatRows(pixelsIn(p), p.ldx, p.inC) : nowhere),
  w: (p: Grouped) => panelsOf(p.panels, (p.kernelH * p.kernelW * p.inC) / p.groups),
};

export const convolutionKernels = {
  /**
   * y[b,oh,ow,n] = act(bias[n] + Σ w[n,kh,kw,c]·x[b, oh·stride−pad+kh·dilation, …, c] (+ residual[b,oh,ow,n])).
   * Reduction order kh, kw, c within the group. ldx, ldy, ldr: elements from one pixel to the next of x, y,
   * residual. Operand y is the start of the whole layer's output; panel0 says where in its channels to write. `sweep`
   * is the order in which threads claim the work.
   */
  'f32-conv': defineKernel({
    operands,
    params: { ...window, groups: 'size', sweep: 'sweep', ...strides, ...piece, ...epilogue },
    extent: groupedExtent,
    work: {
      unit: 'products',
      times: ['batch', 'outH', 'outW', 'panels', PANEL, 'kernelH', 'kernelW', 'inC'],
      over: ['groups'],
    },
    split: 'panels',
    inPlace: ['residual'],
    rows: pixelRows,
  }),
  /** groups = inC = outC. K = kernelH·kernelW; panel lane j of panel p is channel 16p + j. */
  'f32-depthwise': defineKernel({
    operands,
    params: { ...window, ...strides, ...piece, ...epilogue },
    extent: {
      ...pieceExtent,
      x: (p) => floatRows(pixelsIn(p), p.ldx, Math.max(p.inC, p.outC)),
      w: (p) => panelsOf(p.panels, p.kernelH * p.kernelW),
    },
    work: { unit: 'products', times: ['batch', 'outH', 'outW', 'panels', PANEL, 'kernelH', 'kernelW'] },
    split: 'panels',
    inPlace: ['residual'],
    rows: pixelRows,
  }),
  /**
   * The gradient of a convolution: x[b,ih,iw,c] adds w[n,kh,kw,c]·x to y[b, ih·stride−pad+kh·dilation, …, n].
   * Reduction order kh, kw, c over the taps that reach the output pixel; panels as in f32-conv (N = outC).
   */
  'f32-conv-transpose': defineKernel({
    operands,
    params: { ...window, groups: 'size', ...strides, ...piece, ...epilogue },
    extent: groupedExtent,
    work: {
      unit: 'products',
      times: ['batch', 'inH', 'inW', 'panels', PANEL, 'kernelH', 'kernelW', 'inC'],
      over: ['groups'],
    },
    split: 'panels',
    inPlace: ['residual'],
    rows: pixelRows,
  }),
  /**
   * What `mode` says of each window. Taps past the padded extent do not count in `averagePadded`: padBottom and
   * padRight say where it ends. A NaN is the maximum of its windows; the average of no tap is 0.
   */
  'f32-pool': defineKernel({
    operands: { y: out, x: input },
    params: { ...window, padBottom: i32, padRight: i32, ldx: count, ldy: count, mode: 'pool' },
    extent: {
      y: (p) => floatRows(pixelsOut(p), p.ldy, p.outC),
      x: (p) => floatRows(pixelsIn(p), p.ldx, Math.max(p.inC, p.outC)),
    },
    work: { unit: 'elements', times: ['batch', 'outH', 'outW', 'outC', 'kernelH', 'kernelW'] },
    split: 'rows',
    rows: { y: pixelRows.y, x: pixelRows.x },
  }),
  /**
   * Separable resize of the two middle dimensions of [batch, inH, inW, channels]. w holds for each output row,
   * then each output column, four words {i32 low, i32 high, f32 wLow, f32 wHigh}; nearest takes low, linear is
   * (x[lo,lo]·wl + x[lo,hi]·wh)·hl + (x[hi,lo]·wl + x[hi,hi]·wh)·hh.
   */
  'f32-resize': defineKernel({
    operands: { y: out, x: input, w: weight },
    params: {
      batch: count,
      inH: count,
      inW: count,
      outH: count,
      outW: count,
      channels: count,
      mode: 'resize',
    },
    extent: {
      y: (p) => floats(pixelsOut(p) * p.channels),
      x: (p) => floats(pixelsIn(p) * p.channels),
      w: (p) => floats(4 * (p.outH + p.outW)),
    },
    work: { unit: 'elements', times: ['batch', 'outH', 'outW', 'channels'] },
    split: 'rows',
  }),
} as const;
