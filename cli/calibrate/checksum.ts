/** Times the checksum that one thread of WASM takes of what has arrived, of memory that no cache holds. */
import { randomFillSync } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { median } from '../../compiler/schedule/device/median.ts';

const SLICE = 2 ** 20;
const SLICES = 64;

/** Milliseconds of a gigabyte. */
export function timeChecksum(): number {
  const bytes = new Uint8Array(SLICE * SLICES);
  randomFillSync(bytes.subarray(0, SLICE));
  for (let at = SLICE; at < bytes.length; at += SLICE) bytes.copyWithin(at, 0, SLICE);
  const times = Array.from({ length: SLICES }, (_, n) => {
    const began = performance.now();
    crc32(bytes.subarray(n * SLICE, (n + 1) * SLICE));
    return performance.now() - began;
  });
  return (median(times) * 1e9) / SLICE;
}
