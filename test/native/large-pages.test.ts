/** Where the arena lies: at a large page, and with its last page whole where that adds little (model.c). */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { load } from '../../runtime/node.ts';
import { type BundleFolder, chain, writeBundle } from '../support/chain.ts';
import { skip } from '../support/skip.ts';
import { skipWithoutAddon } from './addon.ts';

const LARGE = 2 ** 21;

describe("the native engine's arena", () => {
  let bundle: BundleFolder;
  before(async function () {
    skipWithoutAddon(this);
    if (process.arch !== 'x64' || !existsSync('/sys/kernel/mm/transparent_hugepage'))
      skip(this, 'this system has no large pages on demand');
    bundle = await writeBundle(chain({ layers: 12, width: 700, rows: 4 }));
  });
  after(() => bundle?.remove());

  /** Memory that asked for large pages: [first, end) of each. */
  const dense = (): [number, number][] =>
    readFileSync('/proc/self/smaps', 'utf8')
      .split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)
      .filter((area) => /^VmFlags:.*\bhg\b/m.test(area))
      .map((area) =>
        area
          .match(/^([0-9a-f]+)-([0-9a-f]+)/)!
          .slice(1)
          .map((at) => Number.parseInt(at, 16)),
      )
      .map(([first, end]) => [first!, end!]);

  it('begins at a large page, and ends with one unless that adds half of it', async () => {
    const before = new Set(dense().map(([first]) => first));
    const model = await load(bundle.path, { engine: 'native', mode: 'resident' });
    try {
      const { arenaBytes } = model.plan;
      assert.ok(arenaBytes > LARGE, 'the network is too small to tell');
      const [area, ...more] = dense().filter(([first]) => !before.has(first));
      assert.deepEqual(more, []);
      const [first, end] = area!;
      assert.equal(first % LARGE, 0);
      const tail = arenaBytes % LARGE;
      const room = tail >= LARGE / 2 ? arenaBytes - tail + LARGE : Math.ceil(arenaBytes / 4096) * 4096;
      assert.equal(end - first, room);
    } finally {
      await model.close();
    }
  });
});
