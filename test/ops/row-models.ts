/** Kernels over rows and sequences, from the words of `kernels/table.ts`: see `kernel-model.ts`. */
import { PANEL } from '../../runtime/kernels/layouts.ts';
import type { KernelParams } from '../../runtime/kernels/table.ts';
import type { Buffers, Model } from './kernel-model.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function layerNorm(p: KernelParams<'f32-layer-norm'>, o: Buffers): void {
  for (let r = 0; r < p.rows; r++) {
    const row = Array.from(o['x']!.subarray(r * p.columns, (r + 1) * p.columns));
    const mean = p.rms ? 0 : row.reduce((a, x) => a + x, 0) / p.columns;
    const deviation = Math.sqrt(row.reduce((a, x) => a + (x - mean) ** 2, 0) / p.columns + p.epsilon);
    row.forEach((x, c) => {
      const bias = p.rms ? 0 : o['w']![p.columns + c]!;
      o['y']![r * p.columns + c] = ((x - mean) / deviation) * o['w']![c]! + bias;
    });
  }
}

/** bias + w·h by panels. */
const product = (w: Float32Array, width: number, h: readonly number[]): number[] =>
  Array.from({ length: width }, (_, n) => {
    const start = Math.floor(n / PANEL) * (1 + h.length) * PANEL + (n % PANEL);
    return h.reduce((sum, value, k) => sum + w[start + (1 + k) * PANEL]! * value, w[start]!);
  });

/** Runs `step` over each sequence; it takes and gives h. */
function overSequences(
  p: KernelParams<'f32-gru'>,
  o: Buffers,
  step: (h: readonly number[], b: number, t: number) => number[],
): void {
  for (let b = 0; b < p.batch; b++) {
    const from = b * p.hidden;
    let h: number[] = o['h0']
      ? Array.from(o['h0'].subarray(from, from + p.hidden))
      : new Array<number>(p.hidden).fill(0);
    for (let i = 0; i < p.steps; i++) {
      const t = p.reverse ? p.steps - 1 - i : i;
      h = step(h, b, t);
      o['y']!.set(h, (b * p.steps + t) * p.hidden);
    }
  }
}

export const rowModels: { readonly [K in 'f32-layer-norm' | 'f32-lstm' | 'f32-gru']: Model<K> } = {
  'f32-layer-norm': layerNorm,
  'f32-lstm': (p, o) => {
    const { hidden } = p;
    const c = o['c0'] ? o['c0'].slice() : new Float32Array(p.batch * hidden);
    overSequences(p, o, (h, b, t) => {
      const sums = product(o['w']!, 4 * hidden, h);
      const z = (gate: number, j: number): number =>
        sums[gate * hidden + j]! + o['x']![((b * p.steps + t) * 4 + gate) * hidden + j]!;
      return h.map((_, j) => {
        const at = b * hidden + j;
        c[at] = sigmoid(z(1, j)) * c[at]! + sigmoid(z(0, j)) * Math.tanh(z(2, j));
        return sigmoid(z(3, j)) * Math.tanh(c[at]!);
      });
    });
    o['c']!.set(c);
  },
  'f32-gru': (p, o) => {
    const { hidden } = p;
    overSequences(p, o, (h, b, t) => {
      const s = product(o['w']!, 3 * hidden, h);
      const x = (gate: number, j: number): number => o['x']![((b * p.steps + t) * 3 + gate) * hidden + j]!;
      return h.map((before, j) => {
        const r = sigmoid(x(0, j) + s[j]!);
        const z = sigmoid(x(1, j) + s[hidden + j]!);
        const n = Math.tanh(x(2, j) + r * s[2 * hidden + j]!);
        return n + z * (before - n);
      });
    });
  },
};
