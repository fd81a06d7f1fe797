/** `millrace capture`: what a run uses as a table, its check, and its way into `millrace plan`. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type BundleFolder, chain, writeBundle } from '../support/chain.ts';
import { type Folder, millrace, millraceJson, temporaryFolder } from '../support/command.ts';

describe('millrace capture', () => {
  let bundle: BundleFolder;
  let folder: Folder;
  before(async () => {
    bundle = await writeBundle(chain({ layers: 4, width: 32, rows: 4, host: true }));
    folder = temporaryFolder();
  });
  after(async () => {
    await bundle.remove();
    folder.remove();
  });

  it('writes a table that can be planned, and finds the plan exact', async () => {
    const file = folder.at('lifetimes.csv');
    const { code, stdout, stderr } = await millrace(['capture', bundle.path, '-o', file, '--check']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /6 allocations captured[\s\S]*covers exactly/);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    assert.equal(lines[0], 'id,lower,upper,size,op,chain');
    assert.equal(lines[2], 'v2,0,2,512,matmul,layer0 > step 0 > f32-gemm > y');
    assert.equal(lines[4], 'v4,2,4,512,neg,layer2 > step 2 > host negate > output 0');
    const { peakBytes } = await millraceJson<{ peakBytes: number }>(['plan', file]);
    assert.equal(peakBytes, 1024);
  });

  it('includes weights if asked, in any plan', async () => {
    const { allocations, problems } = await millraceJson<{
      allocations: { kind: string }[];
      problems: string[];
    }>(['capture', bundle.path, '--weights', '--check', '--plan', 'smallest']);
    assert.deepEqual(problems, []);
    assert.equal(allocations.filter(({ kind }) => kind === 'weights').length, 4);
  });

  it('refuses what is not a bundle or a plan of it', async () => {
    assert.equal((await millrace(['capture', folder.path])).code, 1);
    assert.equal((await millrace(['capture', bundle.path, '--plan', 'none'])).code, 2);
    assert.equal((await millrace(['capture'])).code, 2);
  });
});
