/** The sources of weights, with a disk that misbehaves where a real one would. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { crc32 } from '../../runtime/crc32.ts';
import { MillraceError } from '../../runtime/error.ts';
import { nodeFiles } from '../../runtime/platform/node/files.ts';
import * as direct from '../../runtime/weights/direct.ts';
import { FileSource, type OpenFile } from '../../runtime/weights/file.ts';
import { memorySource } from '../../runtime/weights/memory.ts';
import type { SourceWish, WeightSource } from '../../runtime/weights/source.ts';
import { skip } from '../support/skip.ts';

const bytes = Uint8Array.from({ length: 40960 }, (_, i) => (i * 7) ^ (i >> 8));
const code = (expected: string, says: RegExp) => (error: unknown) =>
  error instanceof MillraceError && error.code === expected && says.test(error.message);
/** A page of engine memory: aligned as direct reads need it. */
const openWeights = (path: string, wish: SourceWish): Promise<WeightSource> =>
  direct.openWeights(nodeFiles, path, wish);
const page = (): Uint8Array => new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer);

describe('weight sources', () => {
  let folder: string;
  let path: string;
  let open: WeightSource[] = [];
  const keep = <S extends WeightSource>(source: S): S => {
    open.push(source);
    return source;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-source-'));
    path = join(folder, 'weights.bin');
    await writeFile(path, bytes);
  });
  afterEach(async () => {
    for (const source of open) await source.close();
    open = [];
    await rm(folder, { recursive: true });
  });

  for (const wish of ['file', 'auto'] as const)
    it(`reads ranges of a file (${wish}), several at a time`, async () => {
      const source = keep(await openWeights(path, wish));
      assert.equal(source.byteLength, bytes.length);
      const targets = [0, 8192, 4096, 36864].map((offset) => ({ offset, target: page().subarray(0, 4096) }));
      await Promise.all(targets.map(({ offset, target }) => source.readInto(target, offset)));
      for (const { offset, target } of targets)
        assert.deepEqual(target, bytes.subarray(offset, offset + 4096));
    });

  it('reads into shared memory', async () => {
    const source = keep(await openWeights(path, 'file'));
    const target = new Uint8Array(new SharedArrayBuffer(4096));
    await source.readInto(target, 4096);
    assert.deepEqual(Uint8Array.from(target), bytes.subarray(4096, 8192));
  });

  it('reads around the file cache', async function () {
    let source: WeightSource;
    try {
      source = keep(await openWeights(path, 'direct'));
      await source.readInto(page().subarray(0, 4096), 0);
    } catch (error) {
      assert.ok(error instanceof MillraceError);
      skip(this, 'this file system has no direct reads');
    }
    assert.equal(source.kind, 'direct');
    const target = page().subarray(0, 8192);
    await source.readInto(target, 32768);
    assert.deepEqual(target, bytes.subarray(32768));
  });

  it('says when the file ends early', async () => {
    const source = keep(await openWeights(path, 'file'));
    await assert.rejects(
      source.readInto(page().subarray(0, 8192), 36864),
      code('SEGMENT_READ', /4096 bytes/),
    );
    await truncate(path, 100);
    await assert.rejects(
      source.readInto(page().subarray(0, 4096), 4096),
      code('SEGMENT_READ', /got: 0 bytes/),
    );
  });

  it('says which file can not be opened', async () => {
    await assert.rejects(openWeights(join(folder, 'none'), 'auto'), code('BUNDLE_READ', /none: ENOENT/));
    await assert.rejects(openWeights(folder, 'file'), code('BUNDLE_READ', /not a regular file/));
  });

  /** The file, with reads that `read` makes of its own. */
  const faulty = async (
    read: (file: OpenFile, target: Uint8Array, offset: number) => Promise<number>,
  ): Promise<FileSource> => {
    const file = await nodeFiles.open(path, 'file');
    return keep(
      new FileSource('file', path, { ...file, read: (target, offset) => read(file, target, offset) }),
    );
  };

  it('goes on after short reads', async () => {
    let calls = 0;
    const source = await faulty((file, target, offset) => {
      calls++;
      return file.read(target.subarray(0, 1000), offset);
    });
    const target = page().subarray(0, 4096);
    await source.readInto(target, 8192);
    assert.deepEqual(target, bytes.subarray(8192, 12288));
    assert.equal(calls, 5);
  });

  it('reads again what a signal interrupted', async () => {
    let calls = 0;
    const source = await faulty((file, target, offset) => {
      if (calls++ % 3 < 2) return Promise.reject(Object.assign(new Error('EINTR'), { code: 'EINTR' }));
      return file.read(target.subarray(0, 2048), offset);
    });
    const target = page().subarray(0, 4096);
    await source.readInto(target, 8192);
    assert.deepEqual(target, bytes.subarray(8192, 12288));
    assert.equal(calls, 6);
  });

  it('passes on what the disk says', async () => {
    const source = await faulty(() => Promise.reject(new Error('EIO: i/o error')));
    await assert.rejects(source.readInto(page(), 4096), code('SEGMENT_READ', /read at 4096: EIO/));
  });

  it('falls back, for good, when direct reads are refused', async () => {
    let refused = 0;
    const refusing: WeightSource = {
      kind: 'direct',
      byteLength: bytes.length,
      readInto: async () => {
        refused++;
        const cause = Object.assign(new Error('EINVAL'), { code: 'EINVAL' });
        throw new MillraceError('SEGMENT_READ', 'EINVAL', { cause });
      },
      close: async () => {},
    };
    const source = keep(new direct.FallbackSource(refusing, async () => openWeights(path, 'file')));
    assert.equal(source.kind, 'direct');
    const targets = [0, 4096].map((offset) => ({ offset, target: page().subarray(0, 4096) }));
    await Promise.all(targets.map(({ offset, target }) => source.readInto(target, offset)));
    await source.readInto(page().subarray(0, 4096), 0);
    assert.equal(source.kind, 'file');
    assert.equal(refused, 2);
    for (const { offset, target } of targets) assert.deepEqual(target, bytes.subarray(offset, offset + 4096));
  });

  it('serves bytes in memory', async () => {
    const source = memorySource(bytes);
    const target = new Uint8Array(10);
    await source.readInto(target, 5);
    assert.deepEqual(target, bytes.subarray(5, 15));
    await assert.rejects(source.readInto(target, bytes.length - 5), code('SEGMENT_READ', /got: 5 bytes/));
  });
});

describe('crc32', () => {
  it('is that of zlib, whatever the length', () => {
    for (const length of [0, 1, 2, 3, 4, 5, 63, 64, 4096, 40959])
      assert.equal(crc32(bytes.subarray(0, length)), zlib.crc32(bytes.subarray(0, length)));
  });
});
