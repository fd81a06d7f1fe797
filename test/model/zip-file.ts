/** Zip files, right and wrong, from their parts. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface Part {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly deflate?: boolean;
  /** What the directory claims instead of the truth. */
  readonly claims?: {
    readonly bytes?: number;
    readonly storedBytes?: number;
    readonly crc?: number;
    readonly method?: number;
    readonly flags?: number;
    readonly header?: number;
    readonly name?: string;
  };
}

/** The end record's fields, where they should not be the truth. */
export interface End {
  readonly count?: number;
  readonly start?: number;
  readonly bytes?: number;
  readonly comment?: string;
}

export function zipBytes(parts: readonly Part[], end: End = {}): Uint8Array {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, deflate = false, claims = {} } of parts) {
    const stored = deflate ? deflateRawSync(bytes) : Buffer.from(bytes);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(claims.flags ?? 0, 8);
    central.writeUInt16LE(claims.method ?? (deflate ? 8 : 0), 10);
    central.writeUInt32LE(claims.crc ?? crc32(bytes), 16);
    central.writeUInt32LE(claims.storedBytes ?? stored.length, 20);
    central.writeUInt32LE(claims.bytes ?? bytes.length, 24);
    central.writeUInt16LE(Buffer.byteLength(claims.name ?? name), 28);
    central.writeUInt32LE(claims.header ?? at, 42);
    directory.push(central, Buffer.from(claims.name ?? name));
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    pieces.push(local, Buffer.from(name), stored);
    at += 30 + Buffer.byteLength(name) + stored.length;
  }
  const central = Buffer.concat(directory);
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(end.count ?? parts.length, 8);
  record.writeUInt16LE(end.count ?? parts.length, 10);
  record.writeUInt32LE(end.bytes ?? central.length, 12);
  record.writeUInt32LE(end.start ?? at, 16);
  const comment = Buffer.from(end.comment ?? '');
  record.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...pieces, central, record, comment]);
}
