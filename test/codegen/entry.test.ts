/** What esbuild makes of the runtime: modules that need nothing but Node and each other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { bundleEntries } from '../../compiler/codegen/entry.ts';
import { opNames, opOf } from '../../compiler/ops/index.ts';

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
    // Of each file with several ops the first and the last: each op is left out by one of the two.
    const list = readFileSync(new URL('../../compiler/ops/list.ts', import.meta.url), 'utf8');
    const families = [...list.matchAll(/export \{([^}]*,[^}]*)\}/g)].map(
      ([, names]) => names!.match(/\w+/g)!,
    );
    assert.ok(families.length > 5);
    for (const name of families.flatMap((names) => [names[0]!, names.at(-1)!])) {
      // One that is made of others brings those along.
      if (opOf(name).decompose !== undefined) continue;
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
