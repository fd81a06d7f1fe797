import assert from 'node:assert/strict';
import { assertSameBits, eachVariant, type Kernels, seeded } from './kernel-harness.ts';

const run = (
  kernels: Kernels,
  [outer, axis, innerBytes]: readonly [number, number, number],
  indices: readonly number[],
  indexBytes: number,
) => {
  const x = Uint8Array.from(seeded(outer * axis * innerBytes, 2, 0, 256));
  const params = { outer, axis, count: indices.length, innerBytes, indexBytes };
  const positions = indexBytes === 8 ? BigInt64Array.from(indices, BigInt) : Int32Array.from(indices);
  const y = new Uint8Array(outer * indices.length * innerBytes);
  return { x, y: kernels.run('gather', { y, x, indices: positions }, params) };
};

eachVariant((kernels) => {
  describe('gather', () => {
    for (const indexBytes of [4, 8])
      for (const [outer, axis, innerBytes] of [
        [1, 1, 1],
        [1, 9, 4],
        [3, 5, 12],
        [2, 7, 23],
        [2, 6, 3000],
        [300, 6, 60],
      ] as const)
        it(`[${outer}, ${axis}] rows of ${innerBytes} bytes, indices of ${indexBytes}`, () => {
          const indices = [0, axis - 1, -1, -axis, axis >> 1, 0];
          const { x, y } = run(kernels, [outer, axis, innerBytes], indices, indexBytes);
          const expected = new Uint8Array(y.length);
          for (let o = 0; o < outer; o++)
            indices.forEach((index, i) => {
              const from = (o * axis + ((index + axis) % axis)) * innerBytes;
              expected.set(x.subarray(from, from + innerBytes), (o * indices.length + i) * innerBytes);
            });
          assertSameBits(y, expected);
        });

    it('refuses an index out of range', () => {
      for (const [index, indexBytes] of [
        [5, 4],
        [-6, 4],
        [2 ** 31 - 1, 4],
        [-(2 ** 31), 4],
        [5, 8],
        [2 ** 32, 8],
        [-(2 ** 40), 8],
      ] as const)
        assert.throws(() => run(kernels, [1, 5, 4], [1, index], indexBytes), /detail 2/);
    });
  });
});
