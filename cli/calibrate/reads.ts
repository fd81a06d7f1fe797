/**
 * Times reads of the source that weights will come from, as the runtime reads them: bursts of requests of several sizes
 * and depths from a temporary file on the disk in question; and the checksum of what was read.
 */
import { randomFillSync } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import { median } from '../../compiler/schedule/fit.ts';
import type { ReadBurst } from '../../compiler/schedule/fit-reads.ts';
import { findAddon } from '../../runtime/engine/node-addon.ts';
import { MillraceError } from '../../runtime/error.ts';
import { openWeights } from '../../runtime/weights/direct.ts';
import type { WeightSource } from '../../runtime/weights/source.ts';
import { withTemporary } from '../interrupt.ts';

const KIB = 1024;
const SIZES = [64 * KIB, 256 * KIB, 1024 * KIB, 4096 * KIB];
const DEPTHS = [1, 2, 4];
const FILE_BYTES = 256 * KIB * KIB;
/** Of one burst. */
const BURST_BYTES = 32 * KIB * KIB;
const MOST_REQUESTS = 96;
const ROUNDS = 5;
const PAGE = 4096;
const WASM_PAGE = 65536;

export interface ReadTimings {
  readonly bursts: readonly ReadBurst[];
  readonly source: string;
}

export async function timeReads(
  folder: string,
  wish: 'auto' | 'file' | 'direct',
  onProgress: (share: number) => void,
): Promise<ReadTimings> {
  const path = join(folder, `.millrace-calibrate-${process.pid}`);
  try {
    return await withTemporary(path, async () => {
      await writeRandom(path);
      const source = await openWeights(path, wish);
      try {
        return { bursts: await burstsOf(source, onProgress), source: source.kind };
      } finally {
        await source.close();
      }
    });
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError('OUTPUT', (cause as Error).message, { at: path, cause });
  }
}

async function burstsOf(source: WeightSource, onProgress: (share: number) => void): Promise<ReadBurst[]> {
  const target = alignedBytes(Math.max(...SIZES) * Math.max(...DEPTHS));
  const cases = SIZES.flatMap((bytes) => DEPTHS.map((inFlight) => ({ bytes, inFlight, ms: [] as number[] })));
  // Round after round over all: a disk that is slow for a while is so for each of them.
  for (let round = 0; round < ROUNDS; round++) {
    onProgress(round / ROUNDS);
    for (const one of cases) one.ms.push(await burst(source, target, one.bytes, one.inFlight, round));
  }
  return cases.map(({ bytes, inFlight, ms }) => ({ bytes, inFlight, msPerRequest: median(ms) }));
}

/** Milliseconds from one arrival to the next. */
async function burst(
  source: WeightSource,
  target: Uint8Array,
  bytes: number,
  inFlight: number,
  round: number,
): Promise<number> {
  const requests = Math.min(MOST_REQUESTS, BURST_BYTES / bytes);
  // Each round reads another part of the file.
  const first = ((round * 0.61803) % 1) * (FILE_BYTES - requests * bytes);
  const start = Math.floor(first / PAGE) * PAGE;
  let next = 0;
  const readOn = async (reader: number): Promise<void> => {
    const place = target.subarray(reader * bytes, (reader + 1) * bytes);
    while (next < requests) await source.readInto(place, start + next++ * bytes);
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: inFlight }, (_, reader) => readOn(reader)));
  return (performance.now() - began) / requests;
}

/** Bytes of a checksum in a millisecond, of memory that is not in a cache. */
export function timeChecksum(engine: string, folder: string): number {
  const native = engine === 'native' ? findAddon(pathToFileURL(`${folder}/`)) : null;
  const take = native !== null && !(native instanceof MillraceError) ? native.addon.crc32 : crc32;
  const bytes = alignedBytes(64 * KIB * KIB);
  randomFillSync(bytes.subarray(0, KIB * KIB));
  for (let at = KIB * KIB; at < bytes.length; at += KIB * KIB) bytes.copyWithin(at, 0, KIB * KIB);
  const slice = KIB * KIB;
  const times: number[] = [];
  for (let at = 0; at < bytes.length; at += slice) {
    const began = performance.now();
    take(bytes.subarray(at, at + slice));
    times.push(performance.now() - began);
  }
  return slice / median(times);
}

async function writeRandom(path: string): Promise<void> {
  const block = randomFillSync(Buffer.alloc(4 * KIB * KIB));
  const file = await open(path, 'wx');
  try {
    for (let at = 0; at < FILE_BYTES; at += block.length) {
      // No two blocks are the same: some disks store equal ones once.
      block.writeUInt32LE(at / block.length, 0);
      await file.write(block);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Memory that begins at a page, as direct reads ask for: that of WASM does, other buffers need not. */
function alignedBytes(byteLength: number): Uint8Array {
  const pages = Math.ceil(byteLength / WASM_PAGE);
  return new Uint8Array(new WebAssembly.Memory({ initial: pages }).buffer, 0, byteLength);
}
