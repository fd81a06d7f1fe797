/** The papers' tables that take no time; `npm run reproduce` prints all of them. */

import assert from 'node:assert/strict';
import { cfgPath, demandLayering } from '../../scripts/reproduce/demand-layering.ts';
import { lstm } from '../../scripts/reproduce/lstm.ts';
import { memomalloc } from '../../scripts/reproduce/memomalloc.ts';
import { compared, differences, mustBeNear, mustEqual, print } from '../../scripts/reproduce/table.ts';
import { tflite } from '../../scripts/reproduce/tflite.ts';
import { skip } from '../support/skip.ts';

describe('published tables', () => {
  for (const make of [lstm, memomalloc, tflite]) {
    it(make().title, () => assert.deepEqual(differences(make()), []));
  }

  it('Demand Layering, from the networks of the zoo', () => {
    const { rows } = demandLayering();
    const ours = rows.find(({ name }) => name === 'yolov4, zoo')!.cells.map((cell) => cell?.ours);
    assert.deepEqual(ours.slice(1), ['245.78', '18.004', '491.6', '36.0', '72.0', '18.0', '96.34', '92.7']);
    assert.deepEqual(differences(demandLayering()), []);
  });

  it('Demand Layering, from the descriptions of its authors', function () {
    if (cfgPath('yolov4') === null) skip(this, 'the shared networks are not here');
    const { rows } = demandLayering();
    const mean = rows.find(({ name }) => name === 'mean of the five')!.cells;
    assert.deepEqual(
      mean.map((cell) => cell?.agrees),
      [undefined, undefined, undefined, undefined, undefined, undefined, undefined, true, true],
    );
    assert.equal(rows.filter(({ cells }) => cells.every((cell) => cell?.agrees)).length, 6);
  });

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
