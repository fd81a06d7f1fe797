/** What esbuild makes of the runtime: modules that need nothing but Node and each other. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { withoutCompilerOnly } from '../../compiler/codegen/carried.ts';
import type * as Declarations from '../../compiler/codegen/declarations.ts';
import type * as Entry from '../../compiler/codegen/entry.ts';
import { bundleEntries } from '../../compiler/codegen/entry.ts';
import { emitNotices } from '../../compiler/codegen/notices.ts';
import { opNames, opOf } from '../../compiler/ops/index.ts';
import { skip } from '../support/skip.ts';

const importsOf = (text: string): string[] =>
  [...text.matchAll(/(?:^|[;\n])\s*(?:import|export)\b[^;'"()]*?from\s*["']([^"']+)["']/g)].map(
    ([, from]) => from!,
  );

describe('the modules of a bundle', () => {
  it('import Node and each other only', async () => {
    const { index, files } = await bundleEntries(['where']);
    assert.deepEqual(files.map(({ name }) => name).sort(), ['host.js', 'worker.js']);
    for (const { name, text } of [...files, { name: 'index.js', text: index(1) }])
      for (const from of importsOf(text))
        assert.ok(builtinModules.includes(from.replace(/^node:/, '')), `${name} imports ${from}`);
  });

  it('are made of Millrace alone, and are small', async () => {
    const { index, sources } = await bundleEntries([]);
    assert.deepEqual(
      sources.filter((file) => file.includes('node_modules')),
      [],
    );
    assert.ok(sources.includes('runtime/error.ts'));
    assert.ok(index(1).length <= 70_000, `index.js has ${index(1).length} bytes`);
  });

  it('are those that the build has prepared', async function () {
    const built = new URL('../../dist/compiler/codegen/', import.meta.url);
    const file = new URL('prepared.json', built);
    if (!existsSync(file)) return skip(this, 'Millrace is not built (npm run build)');
    const made = (await import(new URL('entry.js', built).href)) as typeof Entry;
    const { rollUpRuntime } = (await import(new URL('declarations.js', built).href)) as typeof Declarations;
    const [index, worker] = await made.bundleRuntime();
    const declarations = await rollUpRuntime();
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { index, worker, declarations });
    assert.ok(index.text.length <= 70_000);
  });

  it('carry what the runtime reads of the kernel table', async () => {
    const text = `const a = { 'f32-x': defineKernel({
      operands: { y }, work: { unit: 'elements', times: ['m'] }, params: { m: 'count' }, split: 'rows', extent, strides: {},
    }), work: 1 };`;
    assert.equal(
      (await withoutCompilerOnly(text)).replace(/\s+/g, ' '),
      "const a = { 'f32-x': defineKernel({ operands: { y }, params: { m: 'count' }, extent, }), work: 1 };",
    );
    const { index } = await bundleEntries([]);
    assert.match(index(1), /extent:/);
    assert.doesNotMatch(index(1), /\b(work:\{unit|split:|inPlace:|strides:)/);
  });

  it('name the manifest they belong to', async () => {
    const { index } = await bundleEntries([]);
    assert.match(index(0xfedcba98), /^const MANIFEST_CRC32=4275878552;/);
    assert.equal(index(1).match(/MANIFEST_CRC32/g)!.length, 2);
  });

  it('hold the reference of any op, under its name', async () => {
    const { files } = await bundleEntries(opNames);
    const host = files.find(({ name }) => name === 'host.js')!.text;
    const module = (await import(
      `data:text/javascript;base64,${Buffer.from(host).toString('base64')}`
    )) as Record<string, { readonly name: string }>;
    for (const name of opNames) assert.equal(module[name]?.name, name);
  });

  it('hold no op but the one that is asked for', async () => {
    // Of each file with several ops the first and the last: each op is left out by one of the two.
    const list = readFileSync(new URL('../../compiler/ops/list.ts', import.meta.url), 'utf8');
    const families = [...list.matchAll(/export \{([^}]*,[^}]*)\}/g)].map(
      ([, names]) => names!.match(/\w+/g)!,
    );
    assert.ok(families.length > 5);
    for (const name of families.flatMap((names) => [names[0]!, names.at(-1)!])) {
      // One that is made of others brings those along.
      if (opOf(name).decompose !== undefined) continue;
      const { files } = await bundleEntries([name]);
      const host = files.find((file) => file.name === 'host.js')!.text;
      const named = [...host.matchAll(/\bname:"(\w+)"/g)].map(([, other]) => other!);
      assert.deepEqual(
        named.filter((other) => other !== name && opNames.includes(other)),
        [],
        `host.js of ${name}: a definition lacks /* @__PURE__ */`,
      );
    }
  });

  it('leave the reference out where no step needs it', async () => {
    const { files } = await bundleEntries([]);
    assert.deepEqual(
      files.map(({ name }) => name),
      ['worker.js'],
    );
  });
});

describe('the notices of a bundle', () => {
  it("are Millrace's own licence where nothing else went in", async () => {
    const { sources } = await bundleEntries([]);
    const notices = await emitNotices(sources);
    assert.match(notices, /MIT License[\s\S]*Millrace authors[\s\S]*no code of third parties/);
  });

  it('are the licences of packages that did', async () => {
    const notices = await emitNotices([
      'runtime/error.ts',
      'node_modules/msgpackr/unpack.js',
      'node_modules/@types/node/fs.d.ts',
    ]);
    assert.match(
      notices,
      /code of @types\/node \d[\s\S]*Microsoft[\s\S]*code of msgpackr 2\.1[\s\S]*Kris Zyp/,
    );
    assert.doesNotMatch(notices, /no code of third parties/);
  });
});
