/** What guided searches have kept (`npm run test:faults -- --only guided --keep`), read again: a result, or a refusal. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/command.ts';
import { Coverage } from './guided/coverage.ts';
import { corpusOf } from './guided/index.ts';
import { readers } from './guided/readers.ts';

describe('the corpus', () => {
  for (const [name, { honest, read }] of Object.entries(readers))
    it(`of ${name} is read or refused`, async () => {
      const folder = temporaryFolder();
      try {
        for (const bytes of honest()) await read(bytes, folder.path);
        const files = readdirSync(corpusOf(name));
        assert.ok(files.length > 0);
        for (const file of files) await read(readFileSync(join(corpusOf(name), file)), folder.path);
      } finally {
        folder.remove();
      }
    });

  it('grows by what runs for the first time', () => {
    const coverage = new Coverage(/\/strict-json\./);
    const read = (text: string): boolean => {
      readers['json']!.read(Buffer.from(text), '');
      return coverage.grew();
    };
    // The suite may have run them before, but nobody has counted.
    assert.equal(read('[1]'), true);
    assert.equal(read('[2]'), false);
    assert.equal(read('{"a":"\\u00e9"}'), true);
    assert.equal(read('{"b":"\\u00e8"}'), false);
    coverage.stop();
  });
});
