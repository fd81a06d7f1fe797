/**
 * `.npz`: a zip of `.npy` files, `numpy.savez`. What is stored as it is stays in the file. What is compressed
 * (`savez_compressed`) cannot be read at any place, which recipes are: it is inflated when it is asked for, and held,
 * up to a limit over the whole file.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { MillraceError } from '../../../runtime/error.ts';
import type { TypedConstant } from '../../ir/constant.ts';
import { MAX_NPY_HEADER, npyConstant, parseNpyHeader } from './npy.ts';
import type { WeightSet } from './weight-set.ts';
import { withWeightsFile } from './weights-file.ts';
import { readZipDirectory, type ZipEntry } from './zip.ts';

/** Inflated bytes of one file that may be held. */
export const MAX_INFLATED = 1024 ** 3;

export function readNpz(path: string, maxInflated = MAX_INFLATED): WeightSet {
  const entries = withWeightsFile(path, readZipDirectory);
  // Other entries than arrays are no weights.
  const arrays = new Map(
    entries
      .filter(({ name }) => name.endsWith('.npy'))
      .map((entry) => [entry.name.slice(0, -'.npy'.length), entry]),
  );
  const inflated = new Map<string, TypedConstant>();
  let held = 0;
  const inflate = (name: string, entry: ZipEntry): TypedConstant => {
    held += entry.bytes;
    if (held > maxInflated)
      throw new MillraceError('MODEL_UNSUPPORTED', 'is compressed, and too large to hold inflated', {
        at: path,
        expected: `at most ${maxInflated} bytes`,
        got: `${held} bytes up to "${name}"`,
        hint: 'Save it with numpy.savez, or as safetensors: what is not compressed is read piece by piece.',
      });
    const bytes = inflateEntry(path, entry);
    const header = parseNpyHeader(`${path}, ${entry.name}`, bytes.subarray(0, MAX_NPY_HEADER), bytes.length);
    return npyConstant(header, { kind: 'inline', bytes: bytes.subarray(header.start) });
  };
  const get = (name: string): TypedConstant | undefined => {
    const entry = arrays.get(name);
    if (entry === undefined) return undefined;
    if (entry.method === 'stored') return storedConstant(path, entry);
    const known = inflated.get(name) ?? inflate(name, entry);
    inflated.set(name, known);
    return known;
  };
  return { names: () => arrays.keys(), get };
}

const storedConstant = (path: string, entry: ZipEntry): TypedConstant =>
  withWeightsFile(path, (file) => {
    const head = file.bytes(entry.start, Math.min(entry.bytes, MAX_NPY_HEADER));
    const header = parseNpyHeader(`${path}, ${entry.name}`, head, entry.bytes);
    return npyConstant(header, { kind: 'file', path, offset: entry.start + header.start });
  });

/** Never more than the directory claims, which was checked against the limit. */
function inflateEntry(path: string, entry: ZipEntry): Uint8Array {
  return withWeightsFile(path, (file) => {
    const wrong = (got: string): MillraceError =>
      file.invalid(`entry ${JSON.stringify(entry.name)} does not inflate to what the directory says`, {
        expected: `${entry.bytes} bytes`,
        got,
      });
    // Deflate adds 5 bytes to a block it cannot compress; far more than that is padding to be read for nothing.
    if (entry.storedBytes > entry.bytes + entry.bytes / 256 + 1024)
      throw wrong(`${entry.storedBytes} bytes compressed`);
    let bytes: Uint8Array;
    try {
      bytes = inflateRawSync(file.bytes(entry.start, entry.storedBytes), {
        maxOutputLength: Math.max(1, entry.bytes),
      });
    } catch (cause) {
      throw wrong(cause instanceof Error ? cause.message : String(cause));
    }
    if (bytes.length !== entry.bytes) throw wrong(`${bytes.length} bytes`);
    if (crc32(bytes) !== entry.crc) throw wrong('bytes of another checksum');
    return bytes;
  });
}
