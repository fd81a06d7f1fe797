/** Writing is all or nothing: whatever fails, no trace of the new bundle is left and the old one is as it was. */

import assert from 'node:assert/strict';
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { clearLeftovers, temporaryOf } from '../../compiler/bundle/leftovers.ts';
import { type WriteParts, writeBundle } from '../../compiler/bundle/write.ts';
import type { ErrorCode } from '../../runtime/error.ts';
import { MillraceError } from '../../runtime/error.ts';
import { readManifest } from '../../runtime/format/read.ts';
import { load } from '../../runtime/node.ts';
import { type Folder, temporaryFolder } from '../support/command.ts';
import { compileInMemory, type Network } from '../support/network.ts';
import { networks } from '../support/networks.ts';
import { Random } from '../support/random.ts';

const compiler = fileURLToPath(new URL('../../compiler/index.ts', import.meta.url));

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

  it('puts back what a killed process had moved aside, and removes what it left', async () => {
    const place = folder.at('bundle');
    const { pid } = spawnSync(process.execPath, ['--version']);
    const of = (process: number, end = '') =>
      folder.at(basename(temporaryOf(place)).replace(/-\d+-(?=\w+$)/, `-${process}-`)) + end;
    await writeBundle(place, parts(1));
    const before = content(place);
    renameSync(place, of(pid, '-old'));
    mkdirSync(of(pid));
    mkdirSync(of(process.pid));
    const failing: Partial<WriteParts> = {
      last: () => {
        throw new Error('no manifest');
      },
    };
    await assert.rejects(writeBundle(place, parts(2, failing)));
    assert.deepEqual(content(place), before);
    assert.equal(readdirSync(folder.path).length, 2, 'the bundle, and what a living process writes');
    mkdirSync(of(pid, '-old'));
    await writeBundle(place, parts(3));
    assert.equal(readFileSync(`${place}/weights.bin`)[0], 3);
    assert.equal(readdirSync(folder.path).length, 2);
  });

  it('that is killed at any moment leaves one whole bundle for the next', async () => {
    const place = folder.at('bundle');
    const random = new Random(9);
    for (let kills = 0; kills < 2; kills++) {
      const child = fork(
        fileURLToPath(new URL('../faults/life/kill-child.mjs', import.meta.url)),
        [compiler, place],
        {
          execArgv: ['--import=tsx'],
        },
      );
      await once(child, 'message');
      child.send('once');
      await once(child, 'message');
      // It has cleared what the one before it left.
      assert.deepEqual(readdirSync(folder.path), ['bundle']);
      child.send('on');
      await once(child, 'message');
      await new Promise((resolve) => setTimeout(resolve, random.integer(0, 60)));
      child.kill('SIGKILL');
      await once(child, 'exit');
      await clearLeftovers(place);
      assert.deepEqual(readdirSync(folder.path), ['bundle']);
      const model = await load(place, { engine: 'wasm' });
      await model.run({ x: new Float32Array(8) });
      await model.close();
    }
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
