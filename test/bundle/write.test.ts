/** Writing is all or nothing: whatever fails, no trace of the new bundle is left and the old one is as it was. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { type WriteParts, writeBundle } from '../../compiler/bundle/write.ts';
import type { ErrorCode } from '../../runtime/error.ts';
import { MillraceError } from '../../runtime/error.ts';
import { readManifest } from '../../runtime/format/read.ts';
import { type Folder, temporaryFolder } from '../support/command.ts';
import { compileInMemory, type Network } from '../support/network.ts';
import { networks } from '../support/networks.ts';
import { skip } from '../support/skip.ts';

const failsWith = (code: ErrorCode, says: RegExp) => (error: unknown) =>
  error instanceof MillraceError && error.code === code && says.test(error.message);

describe('writing a bundle', () => {
  let network: Network;
  let folder: Folder;
  before(async () => {
    network = await compileInMemory(networks['residual']!().graph, { target: 8192 });
  });
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());

  /** Parts whose bytes tell `mark`. */
  const parts = (mark: number, more: Partial<WriteParts> = {}): WriteParts => ({
    schedule: network.schedule,
    packer: { pack: ({ byteLength }) => new Uint8Array(byteLength).fill(mark) },
    files: [{ name: 'executor.js', content: `export const mark = ${mark};` }],
    last: (checksums) => [{ name: 'manifest.bin', content: Uint8Array.of(mark, checksums.length) }],
    ...more,
  });
  const content = (place: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(place)
        .sort()
        .map((name) => [name, readFileSync(`${place}/${name}`, 'base64')]),
    );

  it('makes the folder and the folders above it, and replaces a bundle', async () => {
    const place = folder.at('a/b/bundle');
    const progress: number[] = [];
    await writeBundle(place, parts(1), { onProgress: (done, total) => progress.push(done / total) });
    assert.deepEqual(Object.keys(content(place)), ['executor.js', 'manifest.bin', 'weights.bin']);
    assert.equal(progress.length, network.schedule.segments.length);
    assert.equal(progress.at(-1), 1);
    await writeBundle(`${place}/`, parts(2));
    assert.equal(readFileSync(`${place}/weights.bin`)[0], 2);
    assert.deepEqual(readdirSync(folder.at('a/b')), ['bundle']);
  });

  it('leaves no trace of what failed', async () => {
    const place = folder.at('bundle');
    await writeBundle(place, parts(1));
    const before = content(place);
    let packed = 0;
    const disk = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const failing: readonly [Partial<WriteParts>, ErrorCode, RegExp][] = [
      [
        {
          packer: {
            pack({ byteLength }) {
              if (++packed % 5 === 0) throw new MillraceError('MODEL_READ', 'the model file is gone');
              return new Uint8Array(byteLength);
            },
          },
        },
        'MODEL_READ',
        /gone/,
      ],
      [
        {
          packer: {
            pack: () => {
              throw disk;
            },
          },
        },
        'OUTPUT',
        /ENOSPC[\s\S]*Nothing was changed/,
      ],
      [
        {
          last: () => {
            throw new Error('no manifest');
          },
        },
        'OUTPUT',
        /no manifest/,
      ],
      [{ files: [{ name: 'not/there', content: '' }] }, 'OUTPUT', /ENOENT/],
    ];
    for (const [more, code, says] of failing) {
      await assert.rejects(writeBundle(place, parts(2, more)), failsWith(code, says));
      assert.deepEqual(content(place), before);
      await assert.rejects(writeBundle(folder.at('new/deep/bundle'), parts(2, more)), failsWith(code, says));
      assert.deepEqual(readdirSync(folder.path), ['bundle']);
    }
  });

  it('stops when it is aborted', async () => {
    const abort = new AbortController();
    const stopped = writeBundle(folder.at('x/bundle'), parts(1), {
      signal: abort.signal,
      onProgress: () => abort.abort(),
    });
    await assert.rejects(stopped, failsWith('ABORTED', /was not written/));
    assert.deepEqual(readdirSync(folder.path), []);
  });

  it('touches nothing that is no bundle', async () => {
    const place = folder.at('mine');
    mkdirSync(place);
    await writeBundle(place, parts(1)); // it was empty
    mkdirSync(folder.at('foreign'));
    writeFileSync(folder.at('foreign/mine.txt'), 'mine');
    writeFileSync(folder.at('file'), 'mine');
    for (const name of ['foreign', 'file'])
      await assert.rejects(writeBundle(folder.at(name), parts(2)), failsWith('OUTPUT', /is not a bundle/));
    await assert.rejects(
      writeBundle(folder.at('file/inside'), parts(2)),
      failsWith('OUTPUT', /ENOTDIR|EEXIST/),
    );
    assert.deepEqual(content(folder.at('foreign')), { 'mine.txt': Buffer.from('mine').toString('base64') });
    assert.deepEqual(readdirSync(folder.path).sort(), ['file', 'foreign', 'mine']);
  });

  it('refuses a place that takes nothing new, at once', async function () {
    if (process.platform !== 'linux') return skip(this, 'for Linux only');
    await assert.rejects(writeBundle('/proc/none/deeper/bundle', parts(1)), failsWith('OUTPUT', /ENOENT/));
  });

  it('replaces a link, not what it points at', async () => {
    const real = folder.at('real');
    await writeBundle(real, parts(1));
    symlinkSync(real, folder.at('link'));
    await writeBundle(folder.at('link'), parts(2));
    assert.equal(readFileSync(folder.at('real/weights.bin'))[0], 1);
    assert.equal(readFileSync(folder.at('link/weights.bin'))[0], 2);
    assert.ok(existsSync(folder.at('real/manifest.bin')));
  });

  it('the manifest reads back as it was', async () => {
    for (const make of Object.values(networks)) {
      const { manifest, parts } = await compileInMemory(make().graph, { target: 8192 });
      assert.deepEqual(readManifest(await parts.manifest(), crc32), manifest);
    }
  });
});
