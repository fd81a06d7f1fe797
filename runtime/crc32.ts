/**
 * CRC-32 with the polynomial of zlib, for platforms without a native one: slicing by four, about 1 GB/s. Entries pass
 * the native function of their platform where there is one (zlib.crc32 runs at 4 to 5 GB/s).
 */

export type Crc32 = (bytes: Uint8Array) => number;

const POLYNOMIAL = 0xedb88320;
const LANES = 4;

/** tables[k][b]: the CRC of byte b followed by k zero bytes. */
const tables: readonly Uint32Array[] = (() => {
  const first = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    first[byte] = crc;
  }
  const all = [first];
  for (let lane = 1; lane < LANES; lane++) {
    const before = all[lane - 1]!;
    all.push(before.map((crc) => (crc >>> 8) ^ first[crc & 255]!));
  }
  return all;
})();

export const crc32: Crc32 = (bytes) => {
  const [t0, t1, t2, t3] = tables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  let crc = 0xffffffff;
  let i = 0;
  for (const end = bytes.length - (bytes.length % LANES); i < end; i += LANES) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc = t3[crc & 255]! ^ t2[(crc >>> 8) & 255]! ^ t1[(crc >>> 16) & 255]! ^ t0[crc >>> 24]!;
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 255]!;
  return (crc ^ 0xffffffff) >>> 0;
};
