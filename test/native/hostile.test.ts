/** Manifests that lie, on the engine that has no fence: a typed error or a run, and the process lives. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Manifest, Plan } from '../../runtime/format/format.ts';
import { type LoadOptions, load } from '../../runtime/node.ts';
import { type BundleFolder, chain, encode, writeBundle } from '../support/chain.ts';
import { skipWithoutAddon } from './addon.ts';

const SEEDS = [1, 2];
const MANIFESTS = 400;

describe('a lying manifest on the native engine', () => {
  const made = chain({ layers: 5, width: 64, rows: 40 });
  let bundle: BundleFolder;
  before(async function () {
    skipWithoutAddon(this);
    bundle = await writeBundle(made);
  });
  after(() => bundle?.remove());

  const refuses = async (manifest: Manifest, says: RegExp): Promise<void> => {
    writeFileSync(join(bundle.path, 'manifest.bin'), encode(manifest));
    const ways: readonly LoadOptions[] = [
      { plan: 'double' },
      { mode: 'resident' },
      { plan: 'double', threads: 2 },
    ];
    for (const engine of ['native', 'wasm'] as const)
      for (const way of ways)
        await assert.rejects(load(bundle.path, { ...way, engine }), {
          code: 'BUNDLE_INVALID',
          message: says,
        });
  };
  const moved = (value: number, to: (plan: Plan) => number): Manifest => ({
    ...made.manifest,
    // Nothing else that says how large a value is.
    lifetimes: [],
    plans: made.manifest.plans.map((plan) => ({
      ...plan,
      valueOffsets: plan.valueOffsets.map((offset, v) => (v === value ? to(plan) : offset)),
    })),
  });

  it('that puts an activation outside of the arena', async () => {
    await refuses(
      moved(3, (plan) => plan.arenaBytes),
      /reaches outside the arena/,
    );
    await refuses(
      moved(3, (plan) => plan.arenaBytes - 4096),
      /reaches outside the arena/,
    );
    await refuses(
      moved(3, () => -1),
      /no place/,
    );
  });

  it('that lets an activation be larger than what holds it', () =>
    refuses(
      moved(4, (plan) => plan.arenaBytes - 64),
      /layer2.*reaches outside the arena/,
    ));

  it('that puts weights across the end of their segment', async () => {
    const { byteLength } = made.manifest.segments[2]!;
    const weights = made.manifest.weights.map((entry, i) =>
      i === 2 ? { ...entry, offset: byteLength - 64 } : entry,
    );
    await refuses({ ...made.manifest, weights }, /layer2.*reaches outside segment 2/);
  });

  for (const seed of SEEDS)
    it(`in ${MANIFESTS} random ways, seed ${seed}`, async () => {
      const child = fileURLToPath(new URL('hostile.child.ts', import.meta.url));
      const args = ['--import=tsx', child, String(seed), String(MANIFESTS)];
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 150_000 });
      const ended = JSON.parse(stdout) as Record<string, number>;
      for (const how of Object.keys(ended)) assert.match(how, /^(ran|[A-Z_]+)$/);
      assert.ok(ended['ran']! > MANIFESTS / 20, stdout);
      assert.ok(ended['BUNDLE_INVALID']! > MANIFESTS / 4, stdout);
    });
});
