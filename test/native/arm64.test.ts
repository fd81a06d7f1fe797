/** The native engine for arm64, cross-compiled and emulated, where a compiler and qemu-user are installed. */

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { load } from '../../runtime/node.ts';
import { type BundleFolder, chain, inputFor, writeBundle } from '../support/chain.ts';
import { skip } from '../support/skip.ts';
import { driverJob } from './driver-job.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('the native engine for arm64', function () {
  this.timeout(300_000);
  const made = chain({ width: 128, rows: 7, layers: 9 });
  const input = inputFor(made);
  const driver = join(root, 'build/engine/model-driver-linux-arm64');
  let bundle: BundleFolder;

  before(async function () {
    try {
      for (const tool of ['aarch64-linux-gnu-gcc', 'qemu-aarch64'])
        execFileSync(tool, ['--version'], { stdio: 'ignore' });
    } catch {
      skip(this, 'there is no aarch64-linux-gnu-gcc or no qemu-aarch64');
    }
    const args = ['--import=tsx', 'scripts/build-native.ts', '--target', 'linux-arm64'];
    execFileSync(process.execPath, [...args, '--program', 'test/native/model-driver.c'], {
      cwd: root,
      stdio: 'pipe',
    });
    bundle = await writeBundle(made);
  });
  after(() => bundle?.remove());

  const run = async (plan: string, isa: string, source: number, threads: number): Promise<Buffer> => {
    const job = join(bundle.path, `${plan}.job`);
    writeFileSync(job, driverJob(made.manifest, made.executor, plan, input));
    const args = [driver, job, join(bundle.path, 'weights.bin'), isa, String(source), String(threads), '3'];
    const { stdout } = await promisify(execFile)('qemu-aarch64', args, {
      encoding: 'buffer',
      timeout: 150_000,
    });
    return stdout;
  };
  const thrice = (bytes: Buffer): Buffer => Buffer.concat([bytes, bytes, bytes]);

  it('gives the bits of plain WASM where they must be the same everywhere', async () => {
    const model = await load(bundle.path, { engine: 'wasm', deterministic: true });
    const y = Buffer.from(((await model.run({ x: input }))['y'] as Float32Array).buffer);
    await model.close();
    for (const threads of [1, 2, 4])
      assert.ok((await run('double', 'baseline', 0, threads)).equals(thrice(y)), `${threads} threads`);
  });

  it('gives the same bits in every way on NEON, and the right ones', async () => {
    const reference = await run('resident', 'neon', 0, 1);
    const numbers = new Float32Array(Uint8Array.from(reference).buffer);
    for (const [i, value] of made.expected(input).entries())
      assert.ok(Math.abs(numbers[i]! - value) < 1e-4, `element ${i}: ${numbers[i]}, not ${value}`);
    for (const plan of ['smallest', 'triple'])
      for (const source of [0, 2])
        for (const threads of [1, 2])
          assert.ok(
            (await run(plan, 'neon', source, threads)).equals(reference),
            `${plan} ${source} ${threads}`,
          );
  });
});
