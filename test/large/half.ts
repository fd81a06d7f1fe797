/** Weights in float16 are widened as they are packed: what that takes, by the command as it is built. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { millraceJson } from '../support/command.ts';
import { withFolder } from '../support/folder.ts';
import { halfModel } from './half-model.ts';

describe('a float16 network of 167 convolutions', () => {
  it('is compiled within 200 MiB, and runs', () =>
    withFolder(async (folder) => {
      const { bytes, convolutions } = halfModel();
      assert.equal(convolutions, 167);
      const [file, bundle] = [join(folder, 'half.onnx'), join(folder, 'bundle')];
      writeFileSync(file, bytes);
      const { milliseconds, peakRssBytes } = await millraceJson<{
        readonly milliseconds: number;
        readonly peakRssBytes: number;
      }>(['compile', file, '-o', bundle]);
      console.log(`      ${milliseconds} ms, ${peakRssBytes} bytes`);
      assert.ok(peakRssBytes < 200 * 2 ** 20);
      await millraceJson(['run', bundle, '--mode', 'stream']);
    }));
});
