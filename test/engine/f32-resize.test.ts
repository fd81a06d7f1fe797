import assert from 'node:assert/strict';
import { resizeModes } from '../../runtime/kernels/functions.ts';
import { assertClose, eachVariant, seeded } from './kernel-harness.ts';

interface Tap {
  readonly low: number;
  readonly high: number;
  readonly wLow: number;
  readonly wHigh: number;
}

/** Linear taps with half-pixel centres. */
const taps = (input: number, output: number): Tap[] =>
  Array.from({ length: output }, (_, i) => {
    const at = Math.max(0, ((i + 0.5) * input) / output - 0.5);
    const low = Math.min(input - 1, Math.floor(at));
    return { low, high: Math.min(input - 1, low + 1), wLow: 1 - (at - low), wHigh: at - low };
  });

const table = (all: readonly Tap[]): Float32Array => {
  const floats = new Float32Array(4 * all.length);
  const words = new Int32Array(floats.buffer);
  all.forEach(({ low, high, wLow, wHigh }, i) => {
    words.set([low, high], 4 * i);
    floats.set([wLow, wHigh], 4 * i + 2);
  });
  return floats;
};

eachVariant((kernels) => {
  describe('f32-resize', () => {
    for (const [batch, inH, inW, outH, outW, channels] of [
      [1, 1, 1, 3, 2, 1],
      [2, 4, 5, 8, 10, 3],
      [1, 7, 3, 4, 9, 21],
      [1, 13, 13, 26, 26, 40],
    ] as const)
      for (const mode of resizeModes)
        it(`${batch}×${inH}×${inW}×${channels} to ${outH}×${outW}, ${mode}`, () => {
          const x = seeded(batch * inH * inW * channels, 4);
          const [rows, columns] = [taps(inH, outH), taps(inW, outW)];
          const params = { batch, inH, inW, outH, outW, channels, mode };
          const y = new Float32Array(batch * outH * outW * channels);
          const result = kernels.run('f32-resize', { y, x, w: table([...rows, ...columns]) }, params);
          const expected = Float64Array.from(y, (_, i) => {
            const c = i % channels;
            const column = columns[Math.floor(i / channels) % outW]!;
            const row = rows[Math.floor(i / channels / outW) % outH]!;
            const b = Math.floor(i / channels / outW / outH);
            const pixel = (h: number, w: number) => x[((b * inH + h) * inW + w) * channels + c]!;
            if (mode === 'nearest') return pixel(row.low, column.low);
            const across = (h: number) =>
              pixel(h, column.low) * column.wLow + pixel(h, column.high) * column.wHigh;
            return across(row.low) * row.wLow + across(row.high) * row.wHigh;
          });
          assertClose(result, expected, mode === 'nearest' ? 0 : 1e-6);
        });

    it('refuses a tap outside the input', () => {
      const x = seeded(3 * 4 * 5, 4);
      for (const [row, column] of [
        [3, 0],
        [-1, 0],
        [0, 4],
        [0, -(2 ** 31)],
      ] as const)
        for (const end of ['low', 'high'] as const) {
          const still = { low: 0, high: 0, wLow: 1, wHigh: 0 };
          const w = table([still, { ...still, [end]: row }, still, { ...still, [end]: column }]);
          const params = { batch: 1, inH: 3, inW: 4, outH: 2, outW: 2, channels: 5, mode: 'linear' } as const;
          const y = new Float32Array(2 * 2 * 5);
          assert.throws(() => kernels.run('f32-resize', { y, x, w }, params), /detail 2/);
        }
    });
  });
});
