/** weights.bin is truncated, overwritten, replaced, deleted, or its disk fails: a typed error or the right result. */

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MillraceError } from '../../runtime/error.ts';
import { type LoadedModel, load } from '../../runtime/node.ts';
import { type BundleFolder, chain, inputFor, writeBundle } from '../support/chain.ts';
import { skip } from '../support/skip.ts';
import { addon, skipWithoutAddon } from './addon.ts';

const made = chain({ layers: 40, width: 128, rows: 16 });
const input = inputFor(made);
const failing = fileURLToPath(new URL('damage.child.ts', import.meta.url));

/** The signals that this process catches. */
const caught = (): string => /^SigCgt:\s+(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!;

describe('damage to the weights of a loaded native model', () => {
  let bundle: BundleFolder;
  let reference: Float32Array;
  let copy: BundleFolder;
  const weights = (): string => join(copy.path, 'weights.bin');
  before(async function () {
    skipWithoutAddon(this);
    bundle = await writeBundle(made);
    const model = await load(bundle.path, { engine: 'native' });
    reference = (await model.run({ x: input }))['y'] as Float32Array;
    await model.close();
  });
  beforeEach(async () => {
    copy = await writeBundle(made);
  });
  afterEach(() => copy?.remove());
  after(() => bundle?.remove());

  const damages: Readonly<Record<string, () => void>> = {
    'truncated to a page': () => truncateSync(weights(), 4096),
    'truncated inside a page': () => truncateSync(weights(), Math.floor(made.weights.length / 2) + 100),
    'truncated to nothing': () => truncateSync(weights(), 0),
    overwritten: () => {
      const descriptor = openSync(weights(), 'r+');
      writeSync(descriptor, new Uint8Array(made.weights.length).fill(7));
      closeSync(descriptor);
    },
    deleted: () => unlinkSync(weights()),
    replaced: () => {
      copyFileSync(weights(), `${weights()}.new`);
      truncateSync(`${weights()}.new`, 8192);
      renameSync(`${weights()}.new`, weights());
    },
  };

  const rightOrTyped = async (model: LoadedModel): Promise<boolean> => {
    try {
      assert.deepEqual((await model.run({ x: input }))['y'], reference);
      return true;
    } catch (error) {
      assert.ok(error instanceof MillraceError, String(error));
      assert.match(error.code, /^SEGMENT_(READ|CRC)$/);
      return false;
    }
  };

  for (const source of ['file', 'direct', 'mmap'] as const)
    for (const [what, damage] of Object.entries(damages))
      it(`${source}: ${what} during runs`, async () => {
        for (const [plan, threads] of [
          ['smallest', 1],
          ['triple', 2],
        ] as const) {
          const model = await load(copy.path, { engine: 'native', mode: 'stream', source, plan, threads });
          let right = 0;
          const runs = (async () => {
            for (let i = 0; i < 30; i++) right += Number(await rightOrTyped(model));
          })();
          await new Promise((resolve) => setTimeout(resolve, 3 + threads));
          damage();
          await runs;
          const expected = what === 'deleted' || what === 'replaced';
          assert.equal(await rightOrTyped(model), expected, `${right} of 30 runs were right`);
          if (expected) assert.equal(right, 30);
          await model.close();
          await copy.remove();
          copy = await writeBundle(made);
        }
      });

  it('a fault in mapped weights ends the run, not the process', async function () {
    if (process.platform !== 'linux') skip(this, 'for Linux only');
    for (const threads of [1, 2, 4]) {
      const before = caught();
      const faults = addon!.faults();
      const model = await load(copy.path, { engine: 'native', mode: 'mmap', plan: 'resident', threads });
      assert.ok(await rightOrTyped(model));
      truncateSync(weights(), 8192);
      // Everything counts as resident: nothing is read again, kernels touch pages that are no more.
      for (let i = 0; i < 3; i++)
        await assert.rejects(model.run({ x: input }), { code: 'SEGMENT_READ', message: /weights\.bin/ });
      assert.ok(addon!.faults() >= faults + 3);
      assert.equal(caught(), before, 'signal handlers are as they were');
      await model.close();
      await copy.remove();
      copy = await writeBundle(made);
      const again = await load(copy.path, { engine: 'native', mode: 'mmap', threads });
      assert.ok(await rightOrTyped(again));
      await again.close();
    }
  });

  it('leaves other faults to the handler before', async () => {
    // V8 turns its own faults, out-of-bounds accesses of WASM, into exceptions by a handler of the same signal.
    // (module (memory 1) (func (export "f") (param i32) (result i32) local.get 0 i32.load))
    const bytes = '0061736d0100000001060160017f017f030201000503010001070501016600000a0901070020002802000b';
    const memoryAccess = new WebAssembly.Module(Uint8Array.from(Buffer.from(bytes, 'hex')));
    const { f } = new WebAssembly.Instance(memoryAccess).exports as { f: (at: number) => number };
    const model = await load(copy.path, { engine: 'native', mode: 'mmap', plan: 'smallest', threads: 2 });
    let running = true;
    const runs = (async () => {
      for (let i = 0; i < 50; i++) assert.ok(await rightOrTyped(model));
      running = false;
    })();
    while (running) {
      for (let i = 0; i < 100; i++) assert.throws(() => f(0x7fffffff), WebAssembly.RuntimeError);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await runs;
    await model.close();
  });

  it('is found at load when the size is another', async () => {
    for (const source of ['file', 'direct', 'mmap'] as const) {
      truncateSync(weights(), made.weights.length - 4096);
      await assert.rejects(load(copy.path, { engine: 'native', mode: 'stream', source }), {
        code: 'BUNDLE_INVALID',
      });
    }
    unlinkSync(weights());
    for (const source of ['file', 'direct', 'mmap'] as const)
      await assert.rejects(load(copy.path, { engine: 'native', mode: 'stream', source }), {
        code: 'BUNDLE_READ',
      });
  });

  describe('by a failing disk', () => {
    before(function () {
      if (process.platform !== 'linux') skip(this, 'for Linux only');
      try {
        execFileSync('strace', ['-V'], { stdio: 'ignore' });
      } catch {
        skip(this, 'there is no strace');
      }
    });

    const injected = async (source: string, injection: string): Promise<string[]> => {
      const args = [
        '-f',
        '-o',
        '/dev/null',
        '-e',
        'trace=pread64',
        '-P',
        weights(),
        '-e',
        `inject=pread64:${injection}`,
      ];
      const { stdout } = await promisify(execFile)(
        'strace',
        [...args, process.execPath, '--import=tsx', failing, copy.path, source],
        { timeout: 150_000 },
      );
      return JSON.parse(stdout) as string[];
    };

    const oneFails = ['right', 'SEGMENT_READ', 'right', 'right'];
    for (const [source, what, injection] of [
      ['file', 'an I/O error', 'error=EIO:when=45'],
      ['file', 'an early end', 'retval=0:when=45'],
      ['direct', 'an I/O error', 'error=EIO:when=45'],
    ] as const)
      it(`${source}: ${what}`, async () => {
        assert.deepEqual(await injected(source, injection), oneFails);
      });

    it('file: slow reads', async () => {
      const runs = await injected('file', 'delay_exit=3000:when=1+7');
      assert.deepEqual(runs, ['right', 'right', 'right', 'right']);
    });
  });
});

describe('the checksum of the addon', () => {
  before(function () {
    skipWithoutAddon(this);
  });
  it('is that of zlib, for every length and place', async () => {
    const { crc32 } = await import('node:zlib');
    const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 2654435761) >>> 13);
    for (let length = 0; length < 400; length++)
      assert.equal(
        addon!.crc32(bytes.subarray(length % 17, (length % 17) + length)),
        crc32(bytes.subarray(length % 17, (length % 17) + length)),
      );
    assert.equal(addon!.crc32(bytes), crc32(bytes));
  });
});
