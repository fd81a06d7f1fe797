/** What is printed and written under names that a model file chose. */
import assert from 'node:assert/strict';
import { fileNames } from '../../cli/file-names.ts';
import { tableLines, words } from '../../cli/table.ts';
import { nameText, plainText } from '../../cli/terminal.ts';

describe('names on a terminal', () => {
  it('are shown without what a terminal obeys', () => {
    assert.equal(nameText('a\u001b[2Jb\nc\u009b\u007f\u202e'), 'a\\u001b[2Jb\\u000ac\\u009b\\u007f\\u202e');
    assert.equal(nameText('größe/重み:0'), 'größe/重み:0');
    assert.equal(plainText('one\n\u001b]0;two\u0007\n'), 'one\n\\u001b]0;two\\u0007\n');
  });

  it('leave a JSON document as it is', () => {
    const value = { name: '\u001b\u007f\u009b\u2028\n' };
    assert.deepEqual(JSON.parse(plainText(JSON.stringify(value, null, 2))), value);
  });

  it('keep to their cell of a table', () => {
    const lines = tableLines(
      [words('name'), 'bytes'],
      [
        ['a\nb', '1'],
        ['longer name', '1000'],
      ],
    );
    assert.deepEqual(lines, ['name         bytes', 'a\\u000ab         1', 'longer name   1000']);
  });
});

describe('files for outputs', () => {
  it('are as many as there are outputs', () => {
    const names = ['a/b', 'a_b', 'A_B', 'a_b-2', '..', '', 'plain.0'];
    const files = fileNames(names);
    assert.deepEqual(
      names.map((name) => files.get(name)),
      ['a_b', 'a_b-2', 'A_B-3', 'a_b-2-2', '_', '_-2', 'plain.0'],
    );
  });
});
