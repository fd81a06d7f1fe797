import assert from 'node:assert/strict';
import { compileLarge } from './large-weights.ts';

describe('weights larger than memory may be', () => {
  // Five gigabytes: `npm run test:large`.
  it('a bundle of a 600 MB file is written within 300 MiB', async () => {
    const report = await compileLarge(600e6);
    assert.ok(report.fileBytes >= 600e6 && report.bundleBytes >= report.fileBytes, JSON.stringify(report));
    assert.ok(report.peakRssBytes < 300 * 2 ** 20, JSON.stringify(report));
  });
});
