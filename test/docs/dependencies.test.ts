/** docs/dependencies.md says what package.json and the lock file say; sizes are this machine's and not compared. */
import assert from 'node:assert/strict';
import { readPage, rows, unexplained, updated } from '../../scripts/dependencies.ts';

const withoutSizes = (text: string): string => text.replace(/\| [\d.]+ MB \|/g, '| size |');

describe('docs/dependencies.md', () => {
  it('has a reason for every dependency, and for nothing else', () => {
    assert.deepEqual(unexplained(), []);
  });

  it('is what package.json and package-lock.json say (npm run dependencies)', () => {
    assert.equal(withoutSizes(readPage()), withoutSizes(updated(readPage())));
  });

  it('pre-releases are pinned exactly', () => {
    const { dependencies } = rows();
    for (const { name, range, cells } of dependencies)
      if (cells[2] === 'pre-release') assert.equal(range, cells[0], name);
  });

  it('licences are those that an MIT package may depend on', () => {
    const { dependencies, devDependencies } = rows();
    for (const { name, cells } of [...dependencies, ...devDependencies])
      assert.match(cells[1]!, /^(MIT|ISC|Apache-2\.0|BSD-3-Clause|BlueOak-1\.0\.0|( (AND|OR) ))+$/, name);
  });
});
