/** Weights that are in memory already: embedded in a program, or made by a test. */
import { endsEarly, type WeightSource } from './source.ts';

export const memorySource = (bytes: Uint8Array): WeightSource => ({
  kind: 'memory',
  byteLength: bytes.length,
  async readInto(target, offset) {
    const found = bytes.subarray(offset, offset + target.length);
    if (found.length < target.length) throw endsEarly('weights', offset, target.length, found.length);
    target.set(found);
  },
  async close() {},
});
