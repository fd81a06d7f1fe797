/** f32-lstm and f32-gru against their definitions, one number at a time. */
import { PANEL } from '../../runtime/kernels/layouts.ts';
import { assertClose, assertSameBits, eachVariant, seeded } from './kernel-harness.ts';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

interface Case {
  readonly batch: number;
  readonly steps: number;
  readonly hidden: number;
  readonly reverse: 0 | 1;
  readonly initial: boolean;
}
const cases: readonly Case[] = [
  { batch: 1, steps: 1, hidden: 1, reverse: 0, initial: false },
  { batch: 1, steps: 7, hidden: 5, reverse: 0, initial: true },
  { batch: 3, steps: 4, hidden: 16, reverse: 1, initial: false },
  { batch: 7, steps: 5, hidden: 24, reverse: 1, initial: true },
  { batch: 2, steps: 30, hidden: 37, reverse: 0, initial: true },
];

/** Panels of random weights, and bias + w·h by them. */
function panels(gates: number, hidden: number, seed: number) {
  const width = gates * hidden;
  const w = seeded(Math.ceil(width / PANEL) * (1 + hidden) * PANEL, seed, -0.5, 0.5);
  const product = (h: ArrayLike<number>): number[] =>
    Array.from({ length: width }, (_, n) => {
      const start = Math.floor(n / PANEL) * (1 + hidden) * PANEL + (n % PANEL);
      let sum = w[start]!;
      for (let k = 0; k < hidden; k++) sum += w[start + (1 + k) * PANEL]! * h[k]!;
      return sum;
    });
  return { w, product };
}

/** Runs `step` over one sequence and gives the states. */
function over(
  { steps, reverse }: Case,
  h0: ArrayLike<number>,
  step: (h: ArrayLike<number>, t: number) => number[],
): number[][] {
  const states: number[][] = [];
  let h = h0;
  for (let i = 0; i < steps; i++) {
    const t = reverse ? steps - 1 - i : i;
    states[t] = step(h, t);
    h = states[t];
  }
  return states;
}

const nameOf = ({ batch, steps, hidden, reverse, initial }: Case): string =>
  `${batch} × ${steps} × ${hidden}${reverse ? ' reversed' : ''}${initial ? ' from a state' : ''}`;

eachVariant((kernels) => {
  describe('f32-lstm', () => {
    for (const one of cases)
      it(nameOf(one), () => {
        const { batch, steps, hidden, reverse, initial } = one;
        const x = seeded(batch * steps * 4 * hidden, 1, -2, 2);
        const { w, product } = panels(4, hidden, 2);
        const h0 = seeded(batch * hidden, 3);
        const c0 = seeded(batch * hidden, 4);
        const states: number[] = [];
        const cells: number[] = [];
        for (let b = 0; b < batch; b++) {
          const c = Array.from({ length: hidden }, (_, j) => (initial ? c0[b * hidden + j]! : 0));
          const start = initial ? h0.subarray(b * hidden) : new Float32Array(hidden);
          const sequence = over(one, start, (h, t) => {
            const sums = product(h);
            const z = (gate: number, j: number): number =>
              sums[gate * hidden + j]! + x[((b * steps + t) * 4 + gate) * hidden + j]!;
            return c.map((before, j) => {
              c[j] = sigmoid(z(1, j)) * before + sigmoid(z(0, j)) * Math.tanh(z(2, j));
              return sigmoid(z(3, j)) * Math.tanh(c[j]);
            });
          });
          states.push(...sequence.flat());
          cells.push(...c);
        }
        const y = new Float32Array(batch * steps * hidden);
        const c = new Float32Array(batch * hidden);
        const gates = new Float32Array(batch * 4 * hidden);
        const params = { batch, steps, hidden, reverse };
        const operands = { y, c, gates, x, w, ...(initial ? { h0, c0 } : {}) };
        assertClose(kernels.run('f32-lstm', operands, params), states, 3e-6);
        assertClose(kernels.run('f32-lstm', operands, params, c), cells, 3e-6);
      });
  });

  describe('f32-gru', () => {
    for (const one of cases)
      it(nameOf(one), () => {
        const { batch, steps, hidden, reverse, initial } = one;
        const x = seeded(batch * steps * 3 * hidden, 1, -2, 2);
        const { w, product } = panels(3, hidden, 2);
        const h0 = seeded(batch * hidden, 3);
        const states: number[] = [];
        for (let b = 0; b < batch; b++) {
          const start = initial ? h0.subarray(b * hidden) : new Float32Array(hidden);
          const sequence = over(one, start, (h, t) => {
            const sums = product(h);
            const at = (gate: number, j: number): number => x[((b * steps + t) * 3 + gate) * hidden + j]!;
            return Array.from({ length: hidden }, (_, j) => {
              const r = sigmoid(at(0, j) + sums[j]!);
              const z = sigmoid(at(1, j) + sums[hidden + j]!);
              const n = Math.tanh(at(2, j) + r * sums[2 * hidden + j]!);
              return n + z * (h[j]! - n);
            });
          });
          states.push(...sequence.flat());
        }
        const y = new Float32Array(batch * steps * hidden);
        const gates = new Float32Array(batch * 3 * hidden);
        const operands = { y, gates, x, w, ...(initial ? { h0 } : {}) };
        const params = { batch, steps, hidden, reverse };
        const result = kernels.run('f32-gru', operands, params);
        assertClose(result, states, 3e-6);
        assertSameBits(kernels.run('f32-gru', operands, params), result);
      });
  });
});
