/** f32-gemm and f32-matmul against plain loops. */
import type { KernelParams } from '../../runtime/kernels/table.ts';
import { epilogueOf, packPanels, panelCount } from './convolution-reference.ts';
import { assertClose, assertSameBits, eachVariant, seeded } from './kernel-harness.ts';

type GemmParams = KernelParams<'f32-gemm'>;
type MatmulParams = KernelParams<'f32-matmul'>;

const gemm = (m: number, n: number, k: number, given: Partial<GemmParams> = {}): GemmParams => ({
  m,
  n,
  k,
  ldx: k,
  ldy: n,
  ldr: 0,
  panel0: 0,
  panels: panelCount(n),
  act: 'none',
  alpha: 0,
  beta: 0,
  ...given,
});

const multiplyRows = (
  p: GemmParams,
  y: Float32Array,
  x: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
  residual: Float32Array | undefined,
): Float32Array => {
  const result = y.slice();
  const finish = epilogueOf(p);
  for (let m = 0; m < p.m; m++)
    for (let n = 0; n < p.n; n++) {
      let sum = bias[n]! + (residual?.[m * p.ldr + n] ?? 0);
      for (let k = 0; k < p.k; k++) sum += x[m * p.ldx + k]! * weights[n * p.k + k]!;
      result[m * p.ldy + n] = finish(sum);
    }
  return result;
};

describe('f32-gemm', () => {
  const cases: Record<string, GemmParams> = {
    'one row': gemm(1, 100, 77),
    'two rows': gemm(2, 32, 40),
    'every number of rows in a tile': gemm(73, 40, 9),
    'one column': gemm(6, 1, 12),
    'no reduction': gemm(3, 5, 0),
    'distant rows and a residual': gemm(7, 19, 11, { ldx: 15, ldy: 25, ldr: 21 }),
    'then tanh': gemm(4, 21, 8, { act: 'tanh' }),
  };
  const inputsOf = (p: GemmParams) => {
    const weights = seeded(p.n * p.k, 1);
    const bias = seeded(p.n, 2);
    return {
      weights,
      bias,
      y: seeded((p.m - 1) * p.ldy + p.n, 3),
      x: seeded((p.m - 1) * p.ldx + p.k, 4),
      w: packPanels(weights, bias, p.n, p.k),
      residual: p.ldr === 0 ? undefined : seeded((p.m - 1) * p.ldr + p.n, 5),
    };
  };
  eachVariant((kernels) => {
    for (const [name, params] of Object.entries(cases))
      it(name, () => {
        const { weights, bias, y, x, w, residual } = inputsOf(params);
        const expected = multiplyRows(params, y, x, weights, bias, residual);
        assertClose(kernels.run('f32-gemm', { y, x, w, residual }, params), expected, 1e-5);
      });

    it('a row has the same bits alone and among others, a piece those of the whole', () => {
      const params = gemm(9, 50, 33);
      const { y, x, w } = inputsOf(params);
      const whole = kernels.run('f32-gemm', { y, x, w }, params);
      const panelFloats = w.length / params.panels;
      for (let m = 0; m < 9; m++) {
        let row = new Float32Array(50);
        for (let panel0 = 0; panel0 < params.panels; panel0++) {
          const part = w.slice(panel0 * panelFloats, (panel0 + 1) * panelFloats);
          const piece = gemm(1, 50, 33, { panel0, panels: 1 });
          row = kernels.run('f32-gemm', { y: row, x: x.slice(m * 33, (m + 1) * 33), w: part }, piece);
        }
        assertSameBits(row, whole.slice(m * 50, (m + 1) * 50));
      }
    });
  });
});

describe('f32-matmul', () => {
  const matmul = (m: number, n: number, k: number, given: Partial<MatmulParams> = {}): MatmulParams => ({
    batch0: 1,
    batch1: 1,
    m,
    n,
    k,
    aBatch0: 0,
    aBatch1: 0,
    aRow: k,
    aCol: 1,
    bBatch0: 0,
    bBatch1: 0,
    bRow: n,
    bCol: 1,
    ...given,
  });
  const cases: Record<string, MatmulParams> = {
    'one row': matmul(1, 37, 50),
    'whole tiles': matmul(60, 32, 16),
    'tails everywhere': matmul(67, 45, 131),
    'a longer reduction than is packed at once': matmul(7, 20, 300),
    'no reduction': matmul(2, 3, 0),
    'a transposed': matmul(13, 18, 21, { aRow: 1, aCol: 13 }),
    'b transposed': matmul(13, 18, 21, { bRow: 1, bCol: 21 }),
    'both transposed': matmul(6, 33, 140, { aRow: 1, aCol: 6, bRow: 1, bCol: 140 }),
    'heads of attention': matmul(9, 9, 8, {
      batch0: 2,
      batch1: 3,
      aBatch0: 9 * 24,
      aBatch1: 8,
      aRow: 24,
      bBatch0: 9 * 24,
      bBatch1: 8,
      bRow: 1,
      bCol: 24,
    }),
    'a repeated over the batch': matmul(5, 6, 7, { batch0: 3, batch1: 2, bBatch0: 84, bBatch1: 42 }),
  };
  const elements = (p: MatmulParams, side: 'a' | 'b'): number => {
    const [row, col] = side === 'a' ? [p.m, p.k] : [p.k, p.n];
    const reach =
      (p.batch0 - 1) * p[`${side}Batch0`] +
      (p.batch1 - 1) * p[`${side}Batch1`] +
      (row - 1) * p[`${side}Row`] +
      (col - 1) * p[`${side}Col`];
    return Math.max(1, reach + 1);
  };
  eachVariant((kernels) => {
    for (const [name, p] of Object.entries(cases))
      it(name, () => {
        const a = seeded(elements(p, 'a'), 1);
        const b = seeded(elements(p, 'b'), 2);
        const expected = new Float32Array(p.batch0 * p.batch1 * p.m * p.n);
        let at = 0;
        for (let i = 0; i < p.batch0; i++)
          for (let j = 0; j < p.batch1; j++)
            for (let m = 0; m < p.m; m++)
              for (let n = 0; n < p.n; n++) {
                let sum = 0;
                for (let k = 0; k < p.k; k++)
                  sum +=
                    a[i * p.aBatch0 + j * p.aBatch1 + m * p.aRow + k * p.aCol]! *
                    b[i * p.bBatch0 + j * p.bBatch1 + k * p.bRow + n * p.bCol]!;
                expected[at++] = sum;
              }
        const y = new Float32Array(expected.length).fill(Number.NaN);
        assertClose(kernels.run('f32-matmul', { y, a, b }, p), expected, 2e-5);
      });
  });
});
