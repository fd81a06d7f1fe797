/** The page says of each runtime what is pinned; that the rows are true, `npm run platforms -- --check` finds. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('docs/platforms.md', () => {
  it('has a row for every runtime of test/platforms, at its version', () => {
    const { dependencies } = JSON.parse(read('test/platforms/package.json')) as {
      dependencies: Readonly<Record<string, string>>;
    };
    const page = read('docs/platforms.md');
    for (const [name, version] of Object.entries(dependencies)) {
      const runtime = /deno|bun|node/.exec(name)![0];
      const row = `| ${runtime[0]!.toUpperCase()}${runtime.slice(1)} ${version.replace(/.*@/, '')} |`;
      assert.ok(page.includes(row), row);
    }
  });

  it('says nothing but that the bits are the same', () => {
    for (const row of read('docs/platforms.md').matchAll(/^\| (?:Node|Bun|Deno|none) .*$/gm))
      assert.match(row[0], /^\| [^|]+ \| [^|]+ (\| (same|same, unfused|–) ){4}\|$/);
  });
});
