/** A bundle altered anywhere says so, and names the file; nothing of a file runs before its checksum is known. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { compile, defineModel, dense, greater, softmax, tensor, where } from '../../compiler/index.ts';
import { MillraceError } from '../../runtime/error.ts';
import { type LoadedModel, type LoadOptions, load } from '../../runtime/node.ts';
import { addon } from '../native/addon.ts';
import { type Folder, temporaryFolder } from '../support/command.ts';
import { Random } from '../support/random.ts';
import { skip } from '../support/skip.ts';

/** `scale` makes another network of the same shape. */
const network = (limit: number) =>
  defineModel('altered', { x: tensor('float32', [1, 8]) }, ({ x }) => {
    const y = dense(where(greater(x, limit), x, 0), { units: 8 });
    return { y: softmax(y) };
  });

const input = { x: Float32Array.from({ length: 8 }, (_, i) => i - 3) };

async function outputOf(folder: string, options: LoadOptions): Promise<Float32Array> {
  const model = await load(folder, options);
  try {
    return (await model.run(input))['y'] as Float32Array;
  } finally {
    await model.close();
  }
}

describe('a bundle that was altered', () => {
  let home: Folder;
  let folder: string;
  const random = new Random(20);
  before(async () => {
    home = temporaryFolder();
    folder = home.at('bundle');
    await (await compile(network(0))).write(folder);
    assert.ok(existsSync(`${folder}/host.js`), 'the network has a host op');
  });
  after(() => home?.remove());

  /** With file `name` as `change` makes it; the bundle is as it was afterwards. */
  async function altered(
    name: string,
    change: (bytes: Buffer) => Buffer,
    body: () => Promise<void>,
  ): Promise<void> {
    const path = `${folder}/${name}`;
    const before = readFileSync(path);
    writeFileSync(path, change(Buffer.from(before)));
    try {
      await body();
    } finally {
      writeFileSync(path, before);
    }
  }

  /** A byte of each region, and the length. */
  const changes = (): ((bytes: Buffer) => Buffer)[] => [
    ...Array.from({ length: 8 }, (_, region) => (bytes: Buffer) => {
      const at = Math.floor(((region + random.next()) / 8) * bytes.length);
      bytes[at] = bytes[at]! ^ (1 << random.integer(0, 7));
      return bytes;
    }),
    (bytes) => bytes.subarray(0, bytes.length >> 1),
    (bytes) => Buffer.concat([bytes, Buffer.from('\n')]),
    () => Buffer.alloc(0),
  ];

  const used: Readonly<Record<string, LoadOptions>> = {
    'manifest.bin': {},
    'weights.bin': {},
    'executor.js': {},
    'host.js': {},
    'worker.js': { threads: 2 },
    'engine.wasm': { deterministic: true },
    'engine-relaxed.wasm': {},
  };
  for (const [name, options] of Object.entries(used))
    it(`says so of ${name}`, async () => {
      for (const change of changes())
        await altered(name, change, () =>
          assert.rejects(outputOf(folder, { engine: 'wasm', ...options }), (error) => {
            assert.ok(error instanceof MillraceError, String(error));
            assert.match(error.code, /^(BUNDLE_|SEGMENT_)/);
            assert.ok(error.message.includes(name), error.message);
            return true;
          }),
        );
      await outputOf(folder, { engine: 'wasm', ...options });
    });

  it('goes without a native engine that is damaged, and says why', async function () {
    const name = readdirSync(folder).find((file) => file.endsWith('.node'));
    if (name === undefined || addon === null)
      return skip(this, 'the native engine is not built (npm run build:native)');
    for (const change of changes())
      await altered(name, change, async () => {
        await assert.rejects(
          load(folder, { engine: 'native' }),
          (error) =>
            error instanceof MillraceError && error.code === 'BUNDLE_INVALID' && error.message.includes(name),
        );
        const warned = once(process, 'warning') as Promise<[Error & { code?: string }]>;
        const model: LoadedModel = await load(folder);
        assert.equal(model.engine, 'wasm');
        assert.ok(model.engineReason?.includes(name));
        await model.run(input);
        await model.close();
        const [warning] = await warned;
        assert.equal(warning.code, 'MILLRACE_ENGINE');
        assert.ok(warning.message.includes(name));
      });
    const model = await load(folder);
    assert.equal(model.engine, 'native');
    assert.equal(model.engineReason, undefined);
    await model.close();
  });

  // From here on the native engine is loaded: nothing writes over its file any more.
  it('says so of files that the run does not read, whatever the engine', async () => {
    const others = readdirSync(folder).filter((name) => !/^(index\.js|.*\.bin|.*\.node)$/.test(name));
    assert.ok(['index.d.ts', 'package.json', 'THIRD_PARTY_NOTICES'].every((name) => others.includes(name)));
    for (const name of others)
      for (const options of [{}, { engine: 'wasm', deterministic: true }] as const)
        for (const change of changes())
          await altered(name, change, () =>
            assert.rejects(load(folder, options), (error) => {
              assert.ok(error instanceof MillraceError && error.code === 'BUNDLE_INVALID', String(error));
              assert.ok(error.message.includes(name), error.message);
              return true;
            }),
          );
  });

  it('runs without files that no run reads', async () => {
    const place = home.at('bare');
    cpSync(folder, place, { recursive: true });
    for (const name of ['index.d.ts', 'executor.d.ts', 'THIRD_PARTY_NOTICES']) rmSync(`${place}/${name}`);
    assert.deepEqual(await outputOf(place, { engine: 'wasm' }), await outputOf(folder, { engine: 'wasm' }));
  });

  it('and replaced runs the new host ops', async () => {
    const place = home.at('replaced');
    cpSync(folder, place, { recursive: true });
    const before = await outputOf(place, { engine: 'wasm' });
    rmSync(place, { recursive: true });
    await (await compile(network(2))).write(place);
    const after = await outputOf(place, { engine: 'wasm' });
    assert.notDeepEqual(after, before);
    assert.match(readFileSync(`${place}/executor.js`, 'utf8'), /from '\.\/host\.js\?0x[0-9a-f]{8}'/);
  });
});
