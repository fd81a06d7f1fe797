import { assertClose, eachVariant, seeded } from './kernel-harness.ts';

const expected = (
  x: Float32Array,
  channels: number,
  size: number,
  alpha: number,
  beta: number,
  bias: number,
) =>
  Float64Array.from(x, (value, at) => {
    const c = at % channels;
    let sum = 0;
    const last = Math.min(channels - 1, c + Math.ceil((size - 1) / 2));
    for (let j = Math.max(0, c - Math.floor((size - 1) / 2)); j <= last; j++) sum += x[at - c + j]! ** 2;
    return value / (bias + (alpha / size) * sum) ** beta;
  });

eachVariant((kernels) => {
  describe('f32-lrn', () => {
    for (const [rows, channels, size] of [
      [3, 1, 5],
      [2, 3, 5],
      [4, 16, 5],
      [5, 19, 4],
      [3, 8, 21],
      [400, 64, 5],
    ] as const)
      for (const [alpha, beta, bias] of [
        [1e-4, 0.75, 1],
        [0.9, 0.75, 2],
        [0.5, 0.6, 1],
      ] as const)
        it(`${rows} rows of ${channels} channels, size ${size}, beta ${beta}, alpha ${alpha}`, () => {
          const x = seeded(rows * channels, 7, -30, 30);
          const params = { rows, channels, size, alpha, beta, bias };
          const y = kernels.run('f32-lrn', { y: new Float32Array(x.length), x }, params);
          const rounded = [alpha, beta, bias].map(Math.fround) as [number, number, number];
          assertClose(y, expected(x, channels, size, ...rounded), 1e-6);
        });
  });
});
