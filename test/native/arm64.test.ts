/** The native engine for arm64, cross-compiled and emulated, where a compiler and qemu-user are installed. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { recordProgram } from '../../runtime/engine/executor.ts';
import { load } from '../../runtime/node.ts';
import { type BundleFolder, type Chain, chain, inputFor, writeBundle } from '../support/chain.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The model under its plan as the driver reads it. */
function jobOf(made: Chain, name: string, input: Float32Array): Buffer {
  const { manifest } = made;
  const plan = manifest.plans.find((entry) => entry.name === name)!;
  const [x] = manifest.inputs;
  const [y] = manifest.outputs;
  const program = recordProgram(made.executor, manifest);
  const at = (value: number): number => plan.valueOffsets[value]!;
  const doubles = [
    ...[plan.peakBytes, at(x!.value), x!.byteLength, at(y!.value), y!.byteLength],
    ...plan.valueOffsets,
    ...manifest.weights.flatMap(({ value, segment, offset }) => [value, segment, offset]),
    ...manifest.segments.flatMap(({ offset, byteLength, crc32 }, s) => [
      ...[offset, byteLength, crc32, plan.issue[s]!, plan.segmentOffsets[s]!],
    ]),
  ];
  const counts = [manifest.values, manifest.segments.length, program.length, manifest.weights.length];
  return Buffer.concat(
    [Int32Array.from(counts), Float64Array.from(doubles), program, input].map((part) =>
      Buffer.from(part.buffer),
    ),
  );
}

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
      console.log('      (there is no aarch64-linux-gnu-gcc or no qemu-aarch64)');
      this.skip();
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
    writeFileSync(job, jobOf(made, plan, input));
    const args = [driver, job, join(bundle.path, 'weights.bin'), isa, String(source), String(threads), '3'];
    const { stdout } = await promisify(execFile)('qemu-aarch64', args, {
      encoding: 'buffer',
      timeout: 60_000,
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
