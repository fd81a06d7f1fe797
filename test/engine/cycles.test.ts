/** What a process holds after many runs and many loads, and that it ends. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BundleFolder, chain, writeBundle } from '../support/chain.ts';

const MIB = 2 ** 20;
const WIDTH = 400;
/** 4 MiB of weights: a leak of one model in three cycles shows. */
const large = chain({ layers: 6, width: WIDTH, rows: 4 });
const small = chain({ layers: 3, width: 16, rows: WIDTH / 4 });
const child = fileURLToPath(new URL('cycles.child.ts', import.meta.url));

describe('a process', () => {
  let bundles: Record<'cycles' | 'runs' | 'primed' | 'leave', BundleFolder>;
  before(async () => {
    const runs = await writeBundle(small);
    bundles = { cycles: await writeBundle(large), runs, primed: runs, leave: runs };
  });
  after(async () => {
    await bundles.cycles.remove();
    await bundles.runs.remove();
  });

  const growth = async (what: keyof typeof bundles, threads: number, flags: string[] = []) => {
    const args = [
      ...flags,
      '--import=tsx',
      child,
      what,
      bundles[what].path,
      String(threads),
      String(4 * WIDTH),
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 150_000 });
    return JSON.parse(stdout) as { rss: number; heap: number };
  };

  for (const threads of [1, 2]) {
    it(`does not grow by 50 cycles of load, run, close on ${threads} thread(s)`, async () => {
      const { rss } = await growth('cycles', threads); // without --expose-gc: as a user's process
      assert.ok(rss < 10 * MIB, `grew by ${(rss / MIB).toFixed(1)} MiB`);
    });

    for (const what of ['runs', 'primed'] as const)
      it(`does not grow by 1,000 ${what === 'primed' ? 'primed ' : ''}runs on ${threads} thread(s)`, async () => {
        const { rss, heap } = await growth(what, threads, ['--expose-gc']);
        assert.ok(heap < MIB / 4, `the heap grew by ${heap} bytes`);
        assert.ok(rss < 10 * MIB, `grew by ${(rss / MIB).toFixed(1)} MiB`);
      });

    it(`ends though a model on ${threads} thread(s) was not closed`, async () => {
      await growth('leave', threads);
    });
  }
});
