import assert from 'node:assert/strict';
import { assertClose, eachVariant, seeded } from './kernel-harness.ts';

const expected = (x: Float32Array, w: Float32Array, columns: number, epsilon: number, rms: boolean) =>
  Float64Array.from(x, (_, i) => {
    const row = x.subarray(i - (i % columns), i - (i % columns) + columns);
    const mean = rms ? 0 : row.reduce((sum, value) => sum + value, 0) / columns;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / columns;
    const normal = (x[i]! - mean) / Math.sqrt(variance + epsilon);
    return normal * w[i % columns]! + (rms ? 0 : w[columns + (i % columns)]!);
  });

const shapes = [
  [1, 1],
  [3, 5],
  [7, 16],
  [2, 63],
  [5, 768],
  [130, 130],
  [1, 5000],
] as const;

eachVariant((kernels) => {
  describe('f32-layer-norm', () => {
    for (const [rows, columns] of shapes)
      for (const rms of [false, true])
        it(`[${rows}, ${columns}]${rms ? ' by root mean square' : ''}`, () => {
          const x = seeded(rows * columns, 2, -1, 3);
          const w = seeded((rms ? 1 : 2) * columns, 3);
          const params = { rows, columns, epsilon: 1e-5, rms: rms ? 1 : 0 } as const;
          const y = kernels.run('f32-layer-norm', { y: new Float32Array(x.length), x, w }, params);
          assertClose(y, expected(x, w, columns, 1e-5, rms), 2e-6);
          assert.deepEqual(kernels.run('f32-layer-norm', { y: x, x, w }, params), y);
        });

    it('a mean far above the deviation does not swallow it', () => {
      const x = seeded(2000, 5).map((value) => 1000 + value);
      const w = new Float32Array(4000).fill(1, 0, 2000);
      const params = { rows: 1, columns: 2000, epsilon: 0, rms: 0 } as const;
      const y = kernels.run('f32-layer-norm', { y: new Float32Array(2000), x, w }, params);
      // The mean itself is a float: half a unit of 1000 over a deviation of 0.58.
      assertClose(y, expected(x, w, 2000, 0, false), 6e-5);
    });
  });
});
