/** `@millrace/runtime`, packed and installed as a device would: alone, small, and able to run a bundle. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from '../../compiler/compile.ts';
import { type Folder, temporaryFolder } from '../support/command.ts';
import { networks } from '../support/networks.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const npm = (args: readonly string[], cwd: string): string =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--offline', '--loglevel=error'], {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });

describe('@millrace/runtime', () => {
  let folder: Folder;
  let packed: { filename: string; size: number; unpackedSize: number; files: { path: string }[] };
  before(() => {
    folder = temporaryFolder();
    const answer = npm(['pack', '--json', '--pack-destination', folder.path], join(root, 'packages/runtime'));
    packed = JSON.parse(answer)[0];
    npm(['init', '-y'], folder.path);
    npm(['pkg', 'set', 'type=module'], folder.path);
    npm(['install', `./${packed.filename}`], folder.path);
  });
  after(() => folder.remove());

  it('is of the version of the compiler, in less than a megabyte', () => {
    const versionOf = (file: string): string => JSON.parse(readFileSync(join(root, file), 'utf8')).version;
    assert.equal(versionOf('packages/runtime/package.json'), versionOf('package.json'));
    assert.ok(packed.unpackedSize <= 1e6, `${packed.unpackedSize} bytes`);
    const files = packed.files.map(({ path }) => path);
    for (const name of ['LICENSE', 'README.md', 'dist/index.js', 'dist/types/node.d.ts'])
      assert.ok(files.includes(name), `${name} of ${files.join(', ')}`);
  });

  it('depends on nothing', () => {
    const tree = JSON.parse(npm(['ls', '--all', '--json'], folder.path));
    assert.deepEqual(Object.keys(tree.dependencies), ['@millrace/runtime']);
    assert.equal(tree.dependencies['@millrace/runtime'].dependencies, undefined);
    const code = readFileSync(folder.at('node_modules/@millrace/runtime/dist/index.js'), 'utf8');
    const imported = [...code.matchAll(/^import .*? from "([^"]+)";$/gm)].map(([, name]) => name!);
    assert.ok(imported.length > 0);
    assert.deepEqual(
      imported.filter((name) => !name.startsWith('node:')),
      [],
    );
  });

  it('loads a bundle by its folder and runs it, on every engine, with threads', async () => {
    await (await compile(networks['residual']!().graph)).write(folder.at('a bundle'));
    const program = `
      import { load, MillraceError } from '@millrace/runtime';
      const runs = [];
      for (const options of [{ engine: 'wasm' }, { engine: 'wasm', threads: 2 }, { engine: 'auto' }]) {
        const model = await load('a bundle', { ...options, deterministic: true, mode: 'stream' });
        const inputs = Object.fromEntries(
          model.inputs.map(({ name, shape }) => [
            name,
            Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i % 7) / 7),
          ]),
        );
        const outputs = await model.run(inputs);
        runs.push(Object.values(outputs).map((array) => Buffer.from(array.buffer).toString('base64')));
        await model.close();
      }
      const error = await load('nowhere').catch((thrown) => thrown);
      console.log(JSON.stringify({ runs, code: error instanceof MillraceError && error.code }));`;
    writeFileSync(folder.at('device.mjs'), program);
    const said = execFileSync(process.execPath, ['device.mjs'], { cwd: folder.path, encoding: 'utf8' });
    const { runs, code } = JSON.parse(said) as { runs: string[][]; code: string };
    assert.ok(runs[0]!.length > 0 && runs[0]!.every((bytes) => bytes.length > 0));
    assert.deepEqual(runs[1], runs[0]);
    assert.deepEqual(runs[2], runs[0]);
    assert.equal(code, 'BUNDLE_READ');
  });

  it('has types, for both ways of resolving', () => {
    const program = `
      import { load, type LoadedModel, type MillraceError, type Plan } from '@millrace/runtime';
      const model: LoadedModel = await load('a bundle', { budget: '1MiB', threads: 2 });
      const plan: Plan = model.plan;
      const bytes: number = plan.peakBytes;
      // @ts-expect-error
      await load('a bundle', { budgets: 3 });
      const fails = (error: MillraceError): string => error.code;
      void [bytes, fails];`;
    writeFileSync(folder.at('typed.mts'), program);
    for (const options of [
      ['--module', 'nodenext'],
      ['--module', 'esnext', '--moduleResolution', 'bundler'],
    ])
      execFileSync(
        process.execPath,
        [
          join(root, 'node_modules/typescript/bin/tsc'),
          ...['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2024,dom,esnext.disposable'],
          ...['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')],
          ...[...options, 'typed.mts'],
        ],
        { cwd: folder.path, encoding: 'utf8' },
      );
  });
});
