/**
 * Loads and runs bundles whose manifests say one or two wrong things each: prints how they ended, by count. A manifest
 * that got past the checks and lied about addresses would take this process down. See hostile.test.ts.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../runtime/error.ts';
import { type LoadOptions, load } from '../../runtime/node.ts';
import { chain, encode, inputFor, writeBundle } from '../support/chain.ts';
import { Random } from '../support/random.ts';

const [seed, count] = process.argv.slice(2).map(Number);
const random = new Random(seed!);
const made = chain({ layers: 5, width: 64, rows: 40, host: true });
const bundle = await writeBundle(made);

type Place = { readonly holder: Record<string, unknown>; readonly key: string; readonly value: number };

/** Every number in the manifest. */
function* numbersIn(value: unknown): Generator<Place> {
  if (typeof value !== 'object' || value === null) return;
  const holder = value as Record<string, unknown>;
  for (const [key, inner] of Object.entries(holder)) {
    if (typeof inner === 'number') yield { holder, key, value: inner };
    else yield* numbersIn(inner);
  }
}

const wrong = (value: number): number =>
  random.pick([
    0,
    -1,
    -2,
    1,
    64,
    value + 1,
    value + 64,
    value - 64,
    value + 4096,
    value * 2,
    value * 4096,
    4096 * random.integer(0, 63),
    64 * random.integer(0, 4095),
    2 ** 20,
    2 ** 31,
    2 ** 33,
    2 ** 52,
  ]);

const ways: readonly LoadOptions[] = [
  { mode: 'stream', plan: 'smallest' },
  { mode: 'stream', plan: 'triple', threads: 2, source: 'file' },
  { mode: 'sequential', plan: 'double' },
  { mode: 'resident' },
  { mode: 'mmap', plan: 'double', threads: 2 },
  { mode: 'resident', source: 'mmap' },
  { mode: 'stream', plan: 'double', allocation: 'malloc' },
];

const ended: Record<string, number> = {};
for (let i = 0; i < count!; i++) {
  const manifest = structuredClone(made.manifest);
  const places = [...numbersIn(manifest)];
  for (let edits = random.integer(1, 2); edits > 0; edits--) {
    const { holder, key, value } = random.pick(places);
    holder[key] = wrong(value);
  }
  writeFileSync(join(bundle.path, 'manifest.bin'), encode(manifest));
  const how = await load(bundle.path, { ...random.pick(ways), engine: 'native' })
    .then(async (model) => {
      try {
        for (let run = 0; run < 2; run++) await model.run({ x: inputFor(made) });
        await (await model.context()).run({ x: inputFor(made) });
        return 'ran';
      } finally {
        await model.close();
      }
    })
    .catch((error: Error) => (error instanceof MillraceError ? error.code : `${error.stack}`));
  ended[how] = (ended[how] ?? 0) + 1;
}
await bundle.remove();
console.log(JSON.stringify(ended));
