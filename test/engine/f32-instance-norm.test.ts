import assert from 'node:assert/strict';
import { assertClose, eachVariant, seeded } from './kernel-harness.ts';

const expected = (
  x: Float32Array,
  w: Float32Array,
  [batch, spatial, channels]: readonly [number, number, number],
  epsilon: number,
): Float64Array => {
  const y = new Float64Array(x.length);
  for (let b = 0; b < batch; b++)
    for (let c = 0; c < channels; c++) {
      const at = Array.from({ length: spatial }, (_, i) => (b * spatial + i) * channels + c);
      const mean = at.reduce((sum, i) => sum + x[i]!, 0) / spatial;
      const variance = at.reduce((sum, i) => sum + (x[i]! - mean) ** 2, 0) / spatial;
      for (const i of at) y[i] = ((x[i]! - mean) / Math.sqrt(variance + epsilon)) * w[c]! + w[channels + c]!;
    }
  return y;
};

const shapes = [
  [1, 1, 1],
  [2, 9, 3],
  [1, 50, 16],
  [2, 37, 21],
  [1, 4000, 6],
] as const;

eachVariant((kernels) => {
  describe('f32-instance-norm', () => {
    for (const shape of shapes)
      it(`[${shape}]`, () => {
        const [batch, spatial, channels] = shape;
        const x = seeded(batch * spatial * channels, 2, -1, 3);
        const w = seeded(2 * channels, 3);
        for (const act of ['none', 'relu'] as const) {
          const params = {
            batch,
            spatial,
            channels,
            epsilon: 1e-5,
            act,
            alpha: 0,
            beta: 0,
          };
          const y = kernels.run('f32-instance-norm', { y: new Float32Array(x.length), x, w }, params);
          const result = expected(x, w, shape, 1e-5);
          assertClose(y, act === 'relu' ? result.map((value) => Math.max(value, 0)) : result, 2e-6);
          const inPlace = kernels.run('f32-instance-norm', { y: x, x, w }, params);
          assert.deepEqual(inPlace, y);
        }
      });

    it('a mean far above the deviation does not swallow it', () => {
      const x = seeded(2000, 5).map((value) => 1000 + value);
      const w = Float32Array.of(1, 0);
      const params = {
        batch: 1,
        spatial: 2000,
        channels: 1,
        epsilon: 0,
        act: 'none',
        alpha: 0,
        beta: 0,
      } as const;
      const y = kernels.run('f32-instance-norm', { y: new Float32Array(2000), x, w }, params);
      // The mean itself is a float: half a unit of 1000 over a deviation of 0.58.
      assertClose(y, expected(x, w, [1, 2000, 1], 0), 6e-5);
    });
  });
});
