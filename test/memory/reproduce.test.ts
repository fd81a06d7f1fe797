/** The papers' tables that take no time; `npm run reproduce` prints all of them. */
import assert from 'node:assert/strict';
import { lstm } from '../../scripts/reproduce/lstm.ts';
import { memomalloc } from '../../scripts/reproduce/memomalloc.ts';
import { compared, differences, mustBeNear, mustEqual, print } from '../../scripts/reproduce/table.ts';
import { tflite } from '../../scripts/reproduce/tflite.ts';

describe('published tables', () => {
  for (const make of [lstm, memomalloc, tflite]) {
    it(make().title, () => assert.deepEqual(differences(make()), []));
  }

  it('a cell that differs is found, and shown', () => {
    const table = {
      title: 'T',
      source: 'S',
      columns: ['a', 'b', 'c', 'd'],
      rows: [{ name: 'r', cells: [mustEqual(1, 2), compared(1, 2), mustBeNear('1.00', '1.02', 0.01), null] }],
    };
    assert.deepEqual(differences(table), [
      'T, r, a: published 1, ours 2',
      'T, r, c: published 1.00, ours 1.02',
    ]);
    assert.match(print(table), /1 → 2 ✘/);
  });
});
