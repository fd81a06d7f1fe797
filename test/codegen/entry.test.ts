/** What esbuild makes of the runtime: modules that need nothing but Node and each other. */
import assert from 'node:assert/strict';
import { builtinModules } from 'node:module';
import { bundleEntries } from '../../compiler/codegen/entry.ts';
import { opNames } from '../../compiler/ops/index.ts';

const importsOf = (text: string): string[] =>
  [...text.matchAll(/(?:^|[;\n])\s*(?:import|export)\b[^;'"()]*?from\s*["']([^"']+)["']/g)].map(
    ([, from]) => from!,
  );

describe('the modules of a bundle', () => {
  it('import Node and each other only', async () => {
    const files = await bundleEntries(['where']);
    assert.deepEqual(files.map(({ name }) => name).sort(), ['host.js', 'index.js', 'worker.js']);
    for (const { name, text } of files)
      for (const from of importsOf(text)) {
        const known = from === './executor.js' || builtinModules.includes(from.replace(/^node:/, ''));
        assert.ok(known, `${name} imports ${from}`);
      }
  });

  it('hold the reference of any op, under its name', async () => {
    const files = await bundleEntries(opNames);
    const host = files.find(({ name }) => name === 'host.js')!.text;
    const module = (await import(
      `data:text/javascript;base64,${Buffer.from(host).toString('base64')}`
    )) as Record<string, { readonly name: string }>;
    for (const name of opNames) assert.equal(module[name]?.name, name);
  });

  it('hold no op but the one that is asked for', async () => {
    for (const name of opNames) {
      const files = await bundleEntries([name]);
      const host = files.find((file) => file.name === 'host.js')!.text;
      const named = [...host.matchAll(/^ {2}name: "(\w+)"/gm)].map(([, other]) => other!);
      assert.deepEqual(
        named.filter((other) => other !== name && opNames.includes(other)),
        [],
        `host.js of ${name}: a definition lacks /* @__PURE__ */`,
      );
    }
  });

  it('leave the reference out where no step needs it', async () => {
    const files = await bundleEntries([]);
    assert.deepEqual(files.map(({ name }) => name).sort(), ['index.js', 'worker.js']);
  });
});
