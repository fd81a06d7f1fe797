import { unaryFunctions } from '../../runtime/engine/abi.ts';
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
          const params = { rows, channels, act: unaryFunctions.indexOf(act), alpha: 0, beta: 0 };
          const y = kernels.run('f32-affine', { y: new Float32Array(x.length), x, w }, params);
          const expected = Float64Array.from(x, (value, i) => {
            const sum = value * w[i % channels]! + w[channels + (i % channels)]!;
            return act === 'relu' ? Math.max(sum, 0) : act === 'silu' ? sum / (1 + Math.exp(-sum)) : sum;
          });
          assertClose(y, expected, 1e-6);
        });
  });
});
