/** `millrace run`, `bench` and `inspect` on one bundle, as it should be and damaged. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import {
  add,
  compile,
  conv2d,
  defineModel,
  dense,
  type FloatTensor,
  flatten,
  type Model,
  relu,
  tensor,
} from '../../compiler/index.ts';
import { fromNumbers } from '../../compiler/ir/tensor.ts';
import { decodeNpy, writeNpy } from '../../compiler/model/weights/npy.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { type Folder, millrace, millraceJson, temporaryFolder } from '../support/command.ts';
import { assertClose, randomTensor } from '../support/tensors.ts';

interface Ran {
  readonly outputs: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: number[];
    readonly sha256: string;
    readonly file?: string;
  }[];
  readonly mode: string;
  readonly threads: number;
  readonly isa: string;
  readonly plan: { readonly name: string; readonly peakBytes: number };
  readonly bytesRead: number;
}

describe('millrace run, bench and inspect', () => {
  let folder: Folder;
  let bundle: string;
  let model: Model;
  before(async () => {
    folder = temporaryFolder();
    bundle = folder.at('bundle');
    model = defineModel(
      'two ports',
      { image: tensor('float32', [1, 6, 6, 4]), offset: tensor('float32', [1, 40]) },
      ({ image, offset }) => {
        let x: FloatTensor = image;
        for (let i = 0; i < 8; i++) x = relu(conv2d(x, { filters: 96, kernel: 3, padding: 'same' }));
        return { 'the/sum': add(dense(flatten(x), { units: 40 }), offset), features: x };
      },
    );
    await (await compile(model)).write(bundle);
  });
  after(() => folder.remove());

  it('runs on given inputs and writes the outputs', async () => {
    const image = randomTensor({ dtype: 'float32', shape: [1, 6, 6, 4] }, 3);
    writeNpy(folder.at('image.npy'), image);
    const args = ['--input', `image=${folder.at('image.npy')}`, '--input', 'offset=zeros'];
    const ran = await millraceJson<Ran>(['run', bundle, ...args, '--output', folder.at('out')]);
    const offset = fromNumbers({ dtype: 'float32', shape: [1, 40] }, []);
    const expected = interpret(model.graph, new Map(Object.entries({ image, offset })));
    assert.deepEqual(
      ran.outputs.map(({ name, dtype, shape }) => [name, dtype, shape]),
      [
        ['the/sum', 'float32', [1, 40]],
        ['features', 'float32', [1, 6, 6, 96]],
      ],
    );
    for (const { name, file } of ran.outputs)
      assertClose(decodeNpy(file!, readFileSync(file!)), expected.get(name)!, 1e-5, name);
    const fields = ['mode', 'engine', 'isa', 'threads', 'source', 'plan', 'latencyMs', 'loadMs'];
    for (const field of [...fields, 'bytesRead', 'stallMs', 'rss', 'outputs']) assert.ok(field in ran, field);
    const text = await millrace(['run', bundle, ...args]);
    assert.equal(text.code, 0);
    assert.match(text.stdout, /^the\/sum: float32\[1,40\] = /);
  });

  it('gives the same bits in every mode, and with every seed its own', async () => {
    const hashes = async (...args: string[]): Promise<string> =>
      (await millraceJson<Ran>(['run', bundle, ...args])).outputs.map((y) => y.sha256).join();
    const usual = await hashes();
    assert.equal(await hashes('--mode', 'stream', '--budget', '1MiB', '--threads', '2'), usual);
    assert.equal(await hashes('--mode', 'sequential', '--source', 'file', '--verify', 'first'), usual);
    assert.equal(await hashes('--mode', 'stream', '--prime'), usual);
    assert.equal(await hashes('--input', 'image=random', '--input', 'offset=random:0'), usual);
    assert.notEqual(await hashes('--input', 'image=random:1'), usual);
    const plain = await millraceJson<Ran>(['run', bundle, '--deterministic', '--engine', 'wasm']);
    assert.equal(plain.isa, 'wasm-simd128');
    // With the native engine or without: the same bits where they are asked for.
    assert.equal(await hashes('--deterministic'), plain.outputs.map((y) => y.sha256).join());
  });

  it('names wrong inputs, options and bundles', async () => {
    const fails = async (args: readonly string[], code: number, says: RegExp): Promise<void> => {
      const result = await millrace(args);
      assert.equal(result.stdout, '');
      assert.match(result.stderr, says);
      assert.doesNotMatch(result.stderr, /\n {4}at /);
      assert.equal(result.code, code, args.join(' '));
    };
    const npy = (name: string, tensor: Parameters<typeof writeNpy>[1]): string => {
      writeNpy(folder.at(name), tensor);
      return folder.at(name);
    };
    const small = npy('small.npy', fromNumbers({ dtype: 'float32', shape: [3] }, []));
    const whole = npy('whole.npy', fromNumbers({ dtype: 'int32', shape: [1, 40] }, []));
    writeFileSync(folder.at('bad.npy'), 'not numpy');
    await Promise.all([
      fails(['run', bundle, '--input', 'picture=zeros'], 1, /INPUT.*"picture"[\s\S]*image, offset/),
      fails(['run', bundle, '--input', `offset=${small}`], 1, /expected: float32\[1,40\]\n.*float32\[3\]/),
      fails(['run', bundle, '--input', `offset=${whole}`], 1, /got: int32\[1,40\]/),
      fails(['run', bundle, '--input', `offset=${folder.at('bad.npy')}`], 1, /INPUT.*bad\.npy/),
      fails(['run', bundle, '--input', 'offset=nowhere.npy'], 1, /INPUT.*nowhere\.npy/),
      fails(['run', bundle, '--input', 'offset=nowhere.pb'], 1, /nowhere\.pb/),
      fails(['run', bundle, '--input', 'zeros'], 2, /NAME=VALUE/),
      fails(['run', bundle, '--mode', 'fast'], 2, /OPTION: mode/),
      fails(['run', bundle, '--threads', '0'], 2, /OPTION: threads/),
      fails(['run', bundle, '--threads', 'two'], 2, /--threads: expected a whole number/),
      fails(['run', bundle, '--engine', 'steam'], 2, /--engine/),
      fails(['run', bundle, '--mode', 'sequential', '--prime'], 2, /OPTION: prime: mode sequential/),
      fails(['run', bundle, '--source', 'tape'], 2, /OPTION: source/),
      fails(['run', bundle, '--budget', '1KiB'], 1, /BUDGET[\s\S]*at least/),
      fails(['run', folder.at('nowhere')], 1, /BUNDLE_READ.*manifest\.bin/),
      fails(['inspect', folder.at('nowhere')], 1, /BUNDLE_READ.*nowhere/),
      fails(['bench', folder.at('nowhere')], 1, /BUNDLE_READ/),
      fails(['bench', bundle, '--modes', 'stream,fast'], 2, /--modes: expected resident.*, got "fast"/),
      fails(['bench', bundle, '--runs', '0'], 2, /--runs/),
      fails(['bench', bundle, '--modes', 'stream', '--budget', '1KiB'], 1, /BUDGET/),
      fails(['conformance', folder.at('nowhere')], 1, /nowhere/),
    ]);
  });

  it('runs in the smallest budget it names', async () => {
    const { stderr } = await millrace(['run', bundle, '--budget', '1KiB']);
    const least = /at least .*\((\d+) bytes\)/.exec(stderr)?.[1];
    assert.ok(least);
    const ran = await millraceJson<Ran>(['run', bundle, '--budget', least]);
    assert.equal(ran.plan.name, 'smallest');
    assert.equal((await millrace(['run', bundle, '--budget', String(Number(least) - 1)])).code, 1);
  });

  it('refuses damaged bundles', async () => {
    const damages: readonly [string, (at: (file: string) => string) => void, RegExp][] = [
      ['weights cut', (at) => truncateSync(at('weights.bin'), 5000), /BUNDLE_INVALID: .*weights\.bin/],
      ['weights gone', (at) => rmSync(at('weights.bin')), /BUNDLE_READ.*weights\.bin/],
      ['weights changed', (at) => flip(at('weights.bin'), 5000), /SEGMENT_CRC/],
      ['manifest cut', (at) => truncateSync(at('manifest.bin'), 100), /BUNDLE_INVALID: manifest\.bin/],
      ['manifest changed', (at) => flip(at('manifest.bin'), 100), /BUNDLE_INVALID: manifest\.bin/],
      ['executor gone', (at) => rmSync(at('executor.js')), /BUNDLE_READ.*executor\.js/],
      ['engine cut', (at) => truncateSync(at('engine.wasm'), 100), /BUNDLE_INVALID.*engine\.wasm/],
    ];
    for (const [name, damage, says] of damages) {
      const copy = folder.at(name);
      cpSync(bundle, copy, { recursive: true });
      damage((file) => `${copy}/${file}`);
      const { code, stdout, stderr } = await millrace(['run', copy, '--deterministic', '--engine', 'wasm']);
      assert.match(stderr, says, name);
      assert.deepEqual([code, stdout], [1, ''], name);
    }
  });

  it('writes what happened when, for Perfetto', async () => {
    for (const engine of ['auto', 'wasm']) {
      const file = folder.at(`${engine}.json`);
      await millraceJson<Ran>(['run', bundle, '--mode', 'stream', '--engine', engine, '--trace', file]);
      const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as {
        traceEvents: Record<string, unknown>[];
      };
      const complete = traceEvents.filter(({ ph }) => ph === 'X');
      assert.ok(complete.some(({ cat }) => cat === 'read'));
      for (const { name, ts, dur } of complete) assert.ok(name && Number(ts) >= 0 && Number(dur) >= 0);
    }
  });

  it('measures every mode', async () => {
    interface Bench {
      readonly bundle: string;
      readonly machine: object;
      readonly rows: readonly (Ran & { readonly latencyMs: Record<string, number> })[];
    }
    const bench = await millraceJson<Bench>(['bench', bundle, '--runs', '3', '--warmup', '1']);
    assert.deepEqual(
      bench.rows.map((row) => row.mode),
      ['resident', 'sequential', 'stream'],
    );
    const fields = [
      'engine',
      'isa',
      'threads',
      'source',
      'cold',
      'plan',
      'loadMs',
      'firstMs',
      'stallMs',
      'rss',
    ];
    for (const row of bench.rows) {
      for (const field of [...fields, 'bytesRead']) assert.ok(field in row, field);
      assert.deepEqual(Object.keys(row.latencyMs), ['min', 'p50', 'p90', 'p99', 'max']);
      assert.deepEqual(row.outputs, bench.rows[0]!.outputs);
    }
    const text = await millrace(['bench', bundle, '--mode', 'stream', '--runs', '1']);
    assert.equal(text.stdout.split('\n\n')[0]!.trim().split('\n').length, 2);
  });

  it('shows what is in a bundle', async () => {
    const text = await millrace(['inspect', bundle, '--html', folder.at('page.html')]);
    assert.equal(text.code, 0);
    assert.match(text.stdout, /^bundle of "two ports"/);
    assert.ok(existsSync(folder.at('page.html')));
    const manifest = await millraceJson<{ model: { name: string } }>(['inspect', bundle]);
    assert.equal(manifest.model.name, 'two ports');
  });
});

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at]! ^= 1;
  writeFileSync(file, bytes);
}
