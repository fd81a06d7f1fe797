/**
 * Compiling from large files of weights takes the memory of some segments. Writes 5 GB to the temporary folder, and
 * removes them; says so where there is no room.
 */

import assert from 'node:assert/strict';
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { compileLarge } from '../model/large-weights.ts';
import { skip } from '../support/skip.ts';

const BYTES = 5e9;

describe('a 5 GB safetensors file', () => {
  it('is compiled within 250 MiB', async function () {
    const { bavail, bsize } = statfsSync(tmpdir());
    // The file is sparse; the bundle is not.
    if (bavail * bsize < 1.1 * BYTES) skip(this, `${tmpdir()} has no room for ${BYTES} bytes`);
    const report = await compileLarge(BYTES);
    console.log(`      ${JSON.stringify(report)}`);
    assert.ok(report.fileBytes >= BYTES && report.bundleBytes >= report.fileBytes);
    assert.ok(report.peakRssBytes < 250 * 2 ** 20);
  });
});
