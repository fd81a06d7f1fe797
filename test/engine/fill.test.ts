import { assertSameBits, eachVariant } from './kernel-harness.ts';

eachVariant((kernels) => {
  describe('fill', () => {
    for (const count of [0, 1, 3, 7, 16, 33, 16384 + 5])
      it(`${count} elements of every size`, () => {
        const call = { count, low: 0x7654_3211, high: -0x0123_4567 };
        const run = <E extends Uint8Array | Uint16Array | Int32Array | BigInt64Array>(y: E, bytes: number) =>
          kernels.run('fill', { y }, { ...call, elementBytes: bytes });
        assertSameBits(run(new Uint8Array(count), 1), new Uint8Array(count).fill(0x11));
        assertSameBits(run(new Uint16Array(count), 2), new Uint16Array(count).fill(0x3211));
        assertSameBits(run(new Int32Array(count), 4), new Int32Array(count).fill(0x7654_3211));
        const wide = BigInt.asIntN(64, (BigInt(-0x0123_4567) << 32n) | 0x7654_3211n);
        assertSameBits(run(new BigInt64Array(count), 8), new BigInt64Array(count).fill(wide));
      });
  });
});
