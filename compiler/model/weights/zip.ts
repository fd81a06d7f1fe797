/**
 * The directory of a zip file: where the bytes of each entry lie. It is read from the end, as the format has it, and
 * held against the local headers; entries that share bytes (the trick of zip bombs that need no nesting) are refused.
 * Source: APPNOTE.TXT 6.3.10 (PKWARE), §4.3 and, for zip64, §4.5.3.
 */
import type { WeightsFile } from './weights-file.ts';

export interface ZipEntry {
  readonly name: string;
  readonly method: 'stored' | 'deflated';
  /** Where its bytes lie in the file. */
  readonly start: number;
  readonly storedBytes: number;
  /** What they become; of a deflated entry that is only a claim. */
  readonly bytes: number;
  readonly crc: number;
}

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const ENCRYPTED = 1;
const MAX_DIRECTORY = 64 * 1024 * 1024;

export function readZipDirectory(file: WeightsFile): ZipEntry[] {
  const { start, bytes, count } = findDirectory(file);
  if (bytes > MAX_DIRECTORY)
    throw file.invalid('has a directory too large', {
      expected: `at most ${MAX_DIRECTORY} bytes`,
      got: `${bytes}`,
    });
  const directory = viewOf(file.bytes(start, bytes));
  const entries: (ZipEntry & { readonly header: number })[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    const entry = readCentral(file, directory, at);
    if (names.has(entry.name)) throw file.invalid(`has two entries ${JSON.stringify(entry.name)}`);
    names.add(entry.name);
    at += entry.length;
    entries.push({ ...entry, start: dataStart(file, entry) });
  }
  if (at !== bytes)
    throw file.invalid('has a directory of another length', { expected: `${bytes} bytes`, got: `${at}` });
  refuseOverlaps(file, entries, start);
  return entries;
}

interface Directory {
  readonly start: number;
  readonly bytes: number;
  readonly count: number;
}

/** The end record is last, but for a comment of at most 64 KiB that it counts. */
function findDirectory(file: WeightsFile): Directory {
  const tail = Math.min(file.size, 22 + 0xffff);
  const view = viewOf(file.bytes(file.size - tail, tail));
  for (let at = tail - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== END || at + 22 + view.getUint16(at + 20, true) !== tail) continue;
    const position = file.size - tail + at;
    const end = {
      start: view.getUint32(at + 16, true),
      bytes: view.getUint32(at + 12, true),
      count: view.getUint16(at + 10, true),
    };
    const disks = view.getUint32(at + 4, true) !== 0 || view.getUint16(at + 8, true) !== end.count;
    const zip64 = end.start === 0xffffffff || end.bytes === 0xffffffff || end.count === 0xffff;
    if (zip64) return findDirectory64(file, position);
    if (disks) throw file.invalid('is one of several volumes');
    return checkedDirectory(file, end, position);
  }
  throw file.invalid('is no complete zip file', { expected: 'a directory at its end' });
}

function findDirectory64(file: WeightsFile, end: number): Directory {
  const locator = end >= 20 ? viewOf(file.bytes(end - 20, 20)) : null;
  if (locator?.getUint32(0, true) !== LOCATOR64) throw file.invalid('lacks its zip64 directory');
  const position = long(file, locator, 8);
  const record = viewOf(file.bytes(position, 56));
  if (record.getUint32(0, true) !== END64 || record.getUint32(16, true) !== 0)
    throw file.invalid('has a damaged zip64 directory');
  return checkedDirectory(
    file,
    { start: long(file, record, 48), bytes: long(file, record, 40), count: long(file, record, 32) },
    position,
  );
}

function checkedDirectory(file: WeightsFile, directory: Directory, end: number): Directory {
  if (directory.start + directory.bytes !== end)
    throw file.invalid('has a directory that is not where it says', {
      expected: `its end at byte ${end}`,
      got: `byte ${directory.start + directory.bytes}`,
    });
  return directory;
}

interface Central extends ZipEntry {
  /** Position of the local header. */
  readonly header: number;
  /** Bytes of the directory's record. */
  readonly length: number;
}

function readCentral(file: WeightsFile, view: DataView, at: number): Central {
  if (at + 46 > view.byteLength || view.getUint32(at, true) !== CENTRAL)
    throw file.invalid('has a damaged directory', { got: `no entry at byte ${at} of it` });
  const lengths = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
  const [nameBytes, extraBytes] = lengths as [number, number, number];
  const length = lengths.reduce((sum, bytes) => sum + bytes, 46);
  if (at + length > view.byteLength) throw file.invalid('has a directory that ends too early');
  const name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameBytes));
  const method = view.getUint16(at + 10, true);
  if (view.getUint16(at + 8, true) & ENCRYPTED)
    throw file.invalid(`entry ${JSON.stringify(name)} is encrypted`);
  if (method !== 0 && method !== 8)
    throw file.invalid(`entry ${JSON.stringify(name)} is compressed in another way`, {
      expected: 'method 0 (stored) or 8 (deflated)',
      got: `${method}`,
    });
  const extra = new DataView(view.buffer, view.byteOffset + at + 46 + nameBytes, extraBytes);
  const fields = { bytes: 24, storedBytes: 20, header: 42 };
  const numbers = { bytes: 0, storedBytes: 0, header: 0 };
  const wide = zip64Field(extra);
  let next = 0;
  for (const key of ['bytes', 'storedBytes', 'header'] as const) {
    numbers[key] = view.getUint32(at + fields[key], true);
    if (numbers[key] !== 0xffffffff) continue;
    if (wide === null || next + 8 > wide.byteLength)
      throw file.invalid(`entry ${JSON.stringify(name)} lacks its zip64 sizes`);
    numbers[key] = long(file, wide, next);
    next += 8;
  }
  if (method === 0 && numbers.bytes !== numbers.storedBytes)
    throw file.invalid(`entry ${JSON.stringify(name)} is stored in two sizes`, {
      expected: `${numbers.bytes}`,
      got: `${numbers.storedBytes}`,
    });
  const crc = view.getUint32(at + 16, true);
  return { ...numbers, name, method: method === 0 ? 'stored' : 'deflated', start: 0, crc, length };
}

/** Extra field 1 holds, in this order, the numbers that are 0xffffffff in the record. */
function zip64Field(extra: DataView): DataView | null {
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const size = extra.getUint16(at + 2, true);
    if (at + 4 + size > extra.byteLength) return null;
    if (extra.getUint16(at, true) === 1) return new DataView(extra.buffer, extra.byteOffset + at + 4, size);
    at += 4 + size;
  }
  return null;
}

/** Behind the local header, whose lengths of name and extra field may differ from the directory's. */
function dataStart(file: WeightsFile, { name, header, storedBytes }: Central): number {
  const local = viewOf(file.bytes(header, 30));
  if (local.getUint32(0, true) !== LOCAL)
    throw file.invalid(`entry ${JSON.stringify(name)} is not where the directory says`);
  const nameBytes = local.getUint16(26, true);
  if (new TextDecoder().decode(file.bytes(header + 30, nameBytes)) !== name)
    throw file.invalid(`entry ${JSON.stringify(name)} has another name where its bytes are`);
  const start = header + 30 + nameBytes + local.getUint16(28, true);
  if (start + storedBytes > file.size)
    throw file.invalid(`entry ${JSON.stringify(name)} lies beyond the end of the file`);
  return start;
}

function refuseOverlaps(
  file: WeightsFile,
  entries: readonly (ZipEntry & { readonly header: number })[],
  directory: number,
): void {
  const sorted = [...entries].sort((a, b) => a.header - b.header);
  for (const [i, entry] of sorted.entries())
    if (entry.start + entry.storedBytes > (sorted[i + 1]?.header ?? directory))
      throw file.invalid(`entry ${JSON.stringify(entry.name)} shares bytes with what comes after it`);
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function long(file: WeightsFile, view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(file.size) * 1024n * 1024n)
    throw file.invalid('has a number beyond all sizes', { got: `${value}` });
  return Number(value);
}
