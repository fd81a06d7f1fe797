import assert from 'node:assert/strict';
import { assertClose, eachVariant, seeded } from './kernel-harness.ts';

eachVariant((kernels) => {
  describe('f32-affine', () => {
    for (const [rows, channels] of [
      [1, 1],
      [7, 3],
      [5, 16],
      [33, 21],
      [900, 64],
      [2, 16390],
    ] as const)
      for (const act of ['none', 'relu', 'silu'] as const)
        it(`${rows} rows of ${channels} channels, ${act}`, () => {
          const x = seeded(rows * channels, 1, -3, 3);
          const w = seeded(2 * channels, 2);
          const params = { rows, channels, ldx: channels, ldy: channels, act, alpha: 0, beta: 0 };
          const y = kernels.run('f32-affine', { y: new Float32Array(x.length), x, w }, params);
          const expected = Float64Array.from(x, (value, i) => {
            const sum = value * w[i % channels]! + w[channels + (i % channels)]!;
            return act === 'relu' ? Math.max(sum, 0) : act === 'silu' ? sum / (1 + Math.exp(-sum)) : sum;
          });
          assertClose(y, expected, 1e-6);
          assert.deepEqual(kernels.run('f32-affine', { y: x.slice(), x, w }, params), y);
          // Rows that lie apart: the same bits, and nothing between them is written.
          const [ldx, ldy] = [channels + 3, channels + 5];
          const apart = (ld: number, fill: number) => new Float32Array(rows * ld).fill(fill);
          const from = apart(ldx, Number.NaN);
          for (let r = 0; r < rows; r++) from.set(x.subarray(r * channels, (r + 1) * channels), r * ldx);
          const to = kernels.run('f32-affine', { y: apart(ldy, 7), x: from, w }, { ...params, ldx, ldy });
          const wanted = apart(ldy, 7);
          for (let r = 0; r < rows; r++) wanted.set(y.subarray(r * channels, (r + 1) * channels), r * ldy);
          assert.deepEqual(to, wanted);
        });
  });
});
