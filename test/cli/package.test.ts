/** A bundle is a package: it works from any project, at any path, from a file it was bundled into, and is typed. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Folder, temporaryFolder } from '../support/command.ts';
import { installInto, packedPackage, runIn } from '../support/installed.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');

const model = `import { defineModel, dense, relu, softmax, tensor } from 'millrace';
export default defineModel('tiny model', { x: tensor('float32', [2, 8]) }, ({ x }) => ({
  y: softmax(dense(relu(dense(x, { units: 16 })), { units: 4 })),
}));
`;
/** A program of two threads needs the folder's worker and engine too. */
const device = `import { errorCodes, load, MillraceError } from './dist/tiny/index.js';
const model = await load({ budget: '1MiB', engine: 'wasm', threads: 2 });
const { y } = await model.run({ x: new Float32Array(16).fill(0.5) });
const sum: number = y.reduce((a, b) => a + b);
const [first]: readonly [2, 4] = [model.outputs[0].shape[0], model.outputs[0].shape[1]];
await model.close();
const failure: unknown = await load({ budget: '1KiB' }).catch((error: unknown) => error);
const code = MillraceError.is(failure) && errorCodes.includes(failure.code) ? failure.code : 'none';
console.log(JSON.stringify({ sum, first, code }));
`;
const printed = (text: string): void => {
  const { sum, first, code } = JSON.parse(text) as { sum: number; first: number; code: string };
  assert.ok(Math.abs(sum - 2) < 1e-5);
  assert.equal(first, 2);
  assert.equal(code, 'BUDGET');
};

describe('a bundle', function () {
  this.timeout(300_000);
  let home: Folder;
  before(() => {
    home = temporaryFolder();
    const project = home.at('project');
    mkdirSync(project);
    installInto(project);
    writeFileSync(join(project, 'package.json'), '{ "name": "project", "version": "1.0.0" }');
    writeFileSync(join(project, 'model.ts'), model);
    writeFileSync(join(project, 'device.mts'), device);
    runIn(project, 'node_modules/millrace/dist/cli.js', 'compile', 'model.ts', '-o', 'dist/tiny');
  });
  after(() => home.remove());

  const stripped = (project: string, outfile: string, options = {}): Promise<unknown> =>
    build({
      entryPoints: [join(project, 'device.mts')],
      outfile: join(project, outfile),
      format: 'esm',
      platform: 'node',
      logLevel: 'silent',
      ...options,
    });
  /** A copy of the project without Millrace, as on a device. */
  const copied = (name: string): string => {
    const copy = home.at(name);
    cpSync(home.at('project'), copy, { recursive: true, filter: (path) => !path.endsWith('node_modules') });
    return copy;
  };

  it('runs in a project of CommonJS, the default, and of modules', async () => {
    for (const described of ['{}', '{ "type": "commonjs" }', '{ "type": "module" }']) {
      const project = copied(`kind ${described.length}`);
      writeFileSync(join(project, 'package.json'), described);
      await stripped(project, 'device.mjs');
      printed(runIn(project, 'device.mjs'));
    }
  });

  it('runs at a path with spaces, # and é', async () => {
    const project = copied('a b#c%20 é');
    await stripped(project, 'device.mjs');
    printed(runIn(project, 'device.mjs'));
    await stripped(project, 'one.mjs', { bundle: true });
    printed(runIn(project, 'one.mjs'));
  });

  it('is found by a program that it was bundled into', async () => {
    const project = copied('bundled');
    for (const outfile of ['one.mjs', 'dist/one.mjs', 'build/deep/one.mjs']) {
      await stripped(project, outfile, { bundle: true, minify: outfile.includes('deep') });
      printed(runIn(project, outfile));
      // Wherever it is run from.
      printed(runIn(home.path, join(project, outfile)));
    }
    const moved = home.at('deployed');
    mkdirSync(moved);
    renameSync(join(project, 'one.mjs'), join(moved, 'one.mjs'));
    assert.throws(() => runIn(moved, 'one.mjs'), /BUNDLE_READ|the bundle's folder was not found/);
    renameSync(join(project, 'dist/tiny'), join(moved, 'tiny'));
    printed(runIn(home.path, join(moved, 'one.mjs')));
  });

  it('is read from a folder that its user names', async () => {
    const project = copied('named');
    const named = device.replace("budget: '1MiB'", "budget: '1MiB', folder: process.argv[2]!");
    writeFileSync(
      join(project, 'device.mts'),
      named.replace("budget: '1KiB'", "budget: '1KiB', folder: process.argv[2]!"),
    );
    await stripped(project, 'one.mjs', { bundle: true });
    renameSync(join(project, 'dist/tiny'), home.at('elsewhere'));
    printed(runIn(project, 'one.mjs', '../elsewhere'));
    printed(runIn(project, 'one.mjs', home.at('elsewhere')));
  });

  it('is typed for every way that TypeScript finds modules', () => {
    const project = copied('typed');
    for (const described of ['{}', '{ "type": "module" }'])
      for (const [module, resolution] of [
        ['nodenext', 'nodenext'],
        ['esnext', 'bundler'],
      ] as const) {
        writeFileSync(join(project, 'package.json'), described);
        writeFileSync(
          join(project, 'tsconfig.json'),
          JSON.stringify({
            compilerOptions: {
              ...{ strict: true, noEmit: true, target: 'es2022', lib: ['es2022', 'dom'], types: [] },
              ...{ module, moduleResolution: resolution, skipLibCheck: false },
            },
            files: ['device.mts', 'wrong.mts'],
          }),
        );
        writeFileSync(
          join(project, 'wrong.mts'),
          `import { load } from './dist/tiny/index.js';
const model = await load();
// @ts-expect-error no such input
await model.run({ z: new Float32Array(16) });
// @ts-expect-error another array
await model.run({ x: new Float64Array(16) });
// @ts-expect-error no such option
await load({ threds: 2 });
// @ts-expect-error the shape is known
const rows: 3 = model.inputs[0].shape[0];
export { rows };
`,
        );
        runIn(project, tsc, '-p', 'tsconfig.json');
      }
  });

  it('can be installed and imported by its name', async () => {
    const project = copied('named package');
    const described = JSON.parse(readFileSync(join(project, 'dist/tiny/package.json'), 'utf8')) as {
      name: string;
    };
    assert.equal(described.name, 'tiny-model');
    mkdirSync(join(project, 'node_modules'));
    renameSync(join(project, 'dist/tiny'), join(project, 'node_modules/tiny-model'));
    writeFileSync(join(project, 'device.mts'), device.replace('./dist/tiny/index.js', 'tiny-model'));
    await stripped(project, 'device.mjs');
    printed(runIn(project, 'device.mjs'));
  });

  it('bears the notices of what is in it', () => {
    const notices = readFileSync(home.at('project/dist/tiny/THIRD_PARTY_NOTICES'), 'utf8');
    assert.match(notices, /Millrace/);
    assert.match(notices, /Permission is hereby granted/);
  });
});

describe('the package of Millrace', () => {
  it('holds what its README links to, and each engine once', () => {
    const files = readdirSync(packedPackage(), { recursive: true, encoding: 'utf8' });
    const readme = readFileSync(join(packedPackage(), 'README.md'), 'utf8');
    for (const [, link] of readme.matchAll(/\]\(([a-zA-Z][^)#:]*)\)/g))
      assert.ok(files.includes(link!), link);
    for (const engine of ['engine.wasm', 'engine-relaxed.wasm'])
      assert.equal(files.filter((name) => name.endsWith(`/${engine}`)).length, 1, engine);
    assert.ok(files.includes('LICENSE'));
    assert.deepEqual(
      files.filter((name) => name.endsWith('.node') || name.endsWith('.o')),
      [],
    );
  });

  it('names its dependencies and their licences', () => {
    const notices = readFileSync(join(packedPackage(), 'THIRD_PARTY_NOTICES'), 'utf8');
    const named = new Map(
      [...notices.matchAll(/^(\S+) {2,}(.+)$/gm)].map(([, name, licence]) => [name, licence]),
    );
    const described = (path: string) =>
      JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as {
        readonly license: string;
        readonly dependencies: Readonly<Record<string, string>>;
      };
    const names = Object.keys(described(packedPackage()).dependencies);
    assert.deepEqual([...named.keys()], names);
    for (const name of names)
      assert.equal(
        `(${described(join(root, 'node_modules', name)).license})`.replace(/^\(\(|\)\)$|[()]/g, ''),
        named.get(name),
      );
  });
});
