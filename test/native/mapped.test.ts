/** Mapped weights in a network whose activations are large before its weights are: where one arena serves both. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import {
  compile,
  conv2d,
  defineModel,
  dense,
  type FloatTensor,
  flatten,
  maxPool2d,
  relu,
  tensor,
} from '../../compiler/index.ts';
import type { Manifest } from '../../runtime/format/format.ts';
import { readManifest } from '../../runtime/format/read.ts';
import { type LoadOptions, load } from '../../runtime/node.ts';
import { parseSize } from '../../runtime/size.ts';
import { temporaryFolder } from '../support/command.ts';
import { skip } from '../support/skip.ts';
import { skipWithoutAddon } from './addon.ts';

const MIB = 2 ** 20;

const cone = () =>
  defineModel('cone', { image: tensor('float32', [1, 256, 256, 3]) }, ({ image }) => {
    let x: FloatTensor = image;
    for (const filters of [48, 48]) x = relu(conv2d(x, { filters, kernel: 3, padding: 'same' }));
    x = maxPool2d(x, { kernel: 32, stride: 32 });
    return { y: dense(relu(dense(flatten(x), { units: 4096 })), { units: 1024 }) };
  });

describe('a network with mapped weights', () => {
  const folder = temporaryFolder();
  const path = folder.at('cone');
  let manifest: Manifest;
  const input = Float32Array.from({ length: 256 * 256 * 3 }, (_, i) => Math.sin(i));
  before(async function () {
    skipWithoutAddon(this);
    await (await compile(cone())).write(path);
    manifest = readManifest(await readFile(folder.at('cone/manifest.bin')), crc32);
  });
  after(() => folder.remove());

  const run = async (options: LoadOptions) => {
    const model = await load(path, { engine: 'native', ...options });
    try {
      const { y } = await model.run({ image: input });
      return { plan: model.plan, bits: Buffer.from((y as Float32Array).buffer).toString('hex') };
    } finally {
      await model.close();
    }
  };

  it('holds more than the stored plan says, says so, and gives the same bits', async () => {
    let more = 0;
    for (const stored of manifest.plans) {
      const resident = stored.name === 'resident';
      const read = await run({ plan: stored.name, mode: resident ? 'resident' : 'stream' });
      assert.equal(read.plan.peakBytes, stored.peakBytes);
      for (const threads of [1, 2]) {
        const mapped = await run({ plan: stored.name, source: 'mmap', threads });
        assert.equal(mapped.bits, read.bits);
        assert.equal(mapped.plan.weightBytes, stored.weightBytes);
        assert.ok(mapped.plan.peakBytes > stored.weightBytes);
        if (mapped.plan.peakBytes > stored.peakBytes + MIB / 2) more++;
      }
    }
    assert.ok(more > 0, 'no plan in which activations and weights took turns');
  });

  it('refuses the budget of the stored plan, and takes the one that it names', async () => {
    const budget = manifest.plans[0]!.peakBytes;
    assert.equal((await run({ mode: 'stream', budget })).plan.name, 'smallest');
    const refused = await run({ mode: 'mmap', budget }).then(
      () => assert.fail('a budget was exceeded'),
      (error: { code: string; expected: string }) => error,
    );
    assert.equal(refused.code, 'BUDGET');
    const least = parseSize(/\((\d+) bytes\)/.exec(refused.expected)![1]!, 'budget');
    assert.ok(least > budget);
    const { plan } = await run({ mode: 'mmap', budget: least });
    assert.equal(plan.peakBytes, least);
  });

  for (const plan of ['smallest', 'zero-delay'])
    it(`holds no more than planned, in the process: ${plan}`, async function () {
      if (process.platform !== 'linux') skip(this, 'for Linux only');
      const child = fileURLToPath(new URL('mapped.child.ts', import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, ['--import=tsx', child, path, plan]);
      const { held, planned } = JSON.parse(stdout) as { held: number; planned: number };
      assert.ok(held <= planned + 12 * MIB, `held ${held / MIB} MiB, planned ${planned / MIB} MiB`);
      assert.ok(held > planned / 2, `held ${held / MIB} MiB, planned ${planned / MIB} MiB`);
    });
});
