/** Products of matrices, and the recurrences that are made of them. */
import { box, floatRows, floats, panelsOf, pieceRows } from '../extents.ts';
import { FLOAT_BYTES, PANEL } from '../layouts.ts';
import { defineKernel } from '../signature.ts';
import { count, epilogue, i32, input, optionalInput, out, piece, scratch, weight } from './operands.ts';

const recurrence = { batch: count, steps: count, hidden: count, reverse: 'flag' } as const;

interface Recurrence {
  readonly batch: number;
  readonly steps: number;
  readonly hidden: number;
}
const state = ({ batch, hidden }: Recurrence, count = 1) => floats(batch * hidden * count);
const states = ({ batch, steps, hidden }: Recurrence, count = 1) => floats(batch * steps * hidden * count);
const gatePanels = ({ hidden }: Recurrence, gates: number) =>
  panelsOf(Math.ceil((gates * hidden) / PANEL), hidden);

export const productKernels = {
  /** y[m,n] = act(bias[n] + Σ_k x[m,k]·w[n,k] (+ residual[m,n])), weights constant and packed. */
  'f32-gemm': defineKernel({
    operands: { y: out, x: input, w: weight, residual: optionalInput },
    params: {
      m: count,
      n: count,
      k: count,
      ldx: count,
      ldy: count,
      ldr: count,
      ...piece,
      ...epilogue,
    },
    extent: {
      y: (p) => pieceRows(p, p.m, p.ldy, p.n),
      x: (p) => floatRows(p.m, p.ldx, p.k),
      w: (p) => panelsOf(p.panels, p.k),
      residual: (p) => pieceRows(p, p.m, p.ldr, p.n),
    },
    work: { unit: 'products', times: ['m', 'k', 'panels', PANEL] },
    split: 'panels',
    inPlace: ['residual'],
    rows: {
      y: { step: 'ldy', width: 'n' },
      x: { step: 'ldx', width: 'k' },
      residual: { step: 'ldr', width: 'n' },
    },
  }),
  /**
   * y[i,j,m,n] = Σ_k a[i,j,m,k]·b[i,j,k,n], neither constant. Two batch dimensions with free strides (0 repeats);
   * aRow/aCol, bRow/bCol: strides of a over (m,k) and b over (k,n). y is dense.
   */
  'f32-matmul': defineKernel({
    operands: { y: out, a: input, b: input },
    params: {
      batch0: count,
      batch1: count,
      m: count,
      n: count,
      k: count,
      aBatch0: i32,
      aBatch1: i32,
      aRow: i32,
      aCol: i32,
      bBatch0: i32,
      bBatch1: i32,
      bRow: i32,
      bCol: i32,
    },
    extent: {
      y: (p) => floats(p.batch0 * p.batch1 * p.m * p.n),
      a: (p) => box([p.batch0, p.batch1, p.m, p.k], [p.aBatch0, p.aBatch1, p.aRow, p.aCol], 0, FLOAT_BYTES),
      b: (p) => box([p.batch0, p.batch1, p.k, p.n], [p.bBatch0, p.bBatch1, p.bRow, p.bCol], 0, FLOAT_BYTES),
    },
    work: { unit: 'products', times: ['batch0', 'batch1', 'm', 'n', 'k'] },
    split: 'rows',
  }),
  /**
   * The recurrence of an LSTM over whole sequences. x[b,t] holds what the input adds to the four gates i, f, g, o,
   * `hidden` numbers each; w is panels of N = 4·hidden, K = hidden. With z = x[b,t] + bias + w·h, all steps in order
   * (from the last to the first if reverse): c = σ(z_f)·c + σ(z_i)·tanh(z_g), h = y[b,t] = σ(z_o)·tanh(c). h and c
   * begin as h0 and c0 [batch, hidden], or zero; c is left as it ends. `gates` is room for x[·,t].
   */
  'f32-lstm': defineKernel({
    operands: {
      y: out,
      c: out,
      gates: scratch,
      x: input,
      w: weight,
      h0: optionalInput,
      c0: optionalInput,
    },
    params: recurrence,
    extent: {
      y: (p) => states(p),
      c: (p) => state(p),
      gates: (p) => state(p, 4),
      x: (p) => states(p, 4),
      w: (p) => gatePanels(p, 4),
      h0: (p) => state(p),
      c0: (p) => state(p),
    },
    work: { unit: 'products', times: [4, 'batch', 'steps', 'hidden', 'hidden'] },
    split: 'steps',
  }),
  /**
   * The same for a GRU, its gates r, z, n, with panels of N = 3·hidden. With s = bias + w·h: r = σ(x_r + s_r),
   * z = σ(x_z + s_z), n = tanh(x_n + r·s_n), h = y[b,t] = n + z·(h − n).
   */
  'f32-gru': defineKernel({
    operands: { y: out, gates: scratch, x: input, w: weight, h0: optionalInput },
    params: recurrence,
    extent: {
      y: (p) => states(p),
      gates: (p) => state(p, 3),
      x: (p) => states(p, 3),
      w: (p) => gatePanels(p, 3),
      h0: (p) => state(p),
    },
    work: { unit: 'products', times: [3, 'batch', 'steps', 'hidden', 'hidden'] },
    split: 'steps',
  }),
} as const;
