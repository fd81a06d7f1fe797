/** Lifetimes as text: what is read, and what is refused with which words. */
import assert from 'node:assert/strict';
import { readLifetimes, writeLifetimes } from '../../compiler/memory/csv.ts';
import { busiestTime } from '../../compiler/memory/lower-bound.ts';
import { MillraceError } from '../../runtime/error.ts';

const HEADER = 'id,lower,upper,size\n';

describe('lifetimes as CSV', () => {
  it('reads columns in any order, among others, with any line ends', () => {
    const text = '\uFEFF\r\nsize,op,id, Upper ,lower,offset\r\n8,conv,a,3,-1,0\r\n\r\n0,relu,b,4,2,8\r\n';
    assert.deepEqual(readLifetimes(text, 'x.csv'), {
      intervals: [
        { id: 0, byteLength: 8, start: -1, end: 3 },
        { id: 1, byteLength: 0, start: 2, end: 4 },
      ],
      names: ['a', 'b'],
    });
  });

  it('writes the table with offsets', () => {
    const table = readLifetimes(`${HEADER}a,0,2,8\nb,1,3,4\n`, 'x.csv');
    const text = writeLifetimes(
      table,
      new Map([
        [0, 0],
        [1, 8],
      ]),
    );
    assert.equal(text, 'id,lower,upper,size,offset\na,0,2,8,0\nb,1,3,4,8\n');
    assert.deepEqual(readLifetimes(text, 'x.csv'), table);
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['an empty file', '', /x\.csv: is not a table/],
    ['no header', 'a,0,1,2\n', /x\.csv:1: is not a table/],
    ['no rows', HEADER, /has no lifetimes/],
    ['a negative size', `${HEADER}a,0,1,-2\n`, /x\.csv:2, size: .*\n.*0 to 2\^53/],
    ['a fractional size', `${HEADER}a,0,1,2.5\n`, /x\.csv:2, size/],
    ['a size over 2^53', `${HEADER}a,0,1,9007199254740993\n`, /x\.csv:2, size/],
    ['sizes whose sum is over 2^53', `${HEADER}a,0,1,9007199254740991\nb,0,1,1\n`, /add up/],
    ['an empty size', `${HEADER}a,0,1,\n`, /x\.csv:2, size/],
    ['a word for a time', `${HEADER}a,zero,1,2\n`, /x\.csv:2, lower/],
    ['an empty interval', `${HEADER}a,0,1,2\nb,3,3,2\n`, /x\.csv:3: ends before it begins/],
    ['a reversed interval', `${HEADER}a,3,0,2\n`, /x\.csv:2: ends before it begins/],
    ['an id twice', `${HEADER}a,0,1,2\nb,0,1,2\na,4,5,2\n`, /x\.csv:4: repeats an id[\s\S]*line 2/],
    ['no id', `${HEADER},0,1,2\n`, /x\.csv:2: has no id/],
    ['a row cut short', `${HEADER}a,0,1\n`, /x\.csv:2: has another number of columns/],
  ];
  for (const [what, text, message] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => readLifetimes(text, 'x.csv'),
        (error) => error instanceof MillraceError && message.test(error.message),
      );
    });
  }

  it('names the time that proves the bound', () => {
    const { intervals } = readLifetimes(`${HEADER}a,0,5,3\nb,2,4,4\nc,4,6,4\nd,9,10,5\n`, 'x.csv');
    assert.deepEqual(busiestTime(intervals), { time: 2, bytes: 7, live: 2 });
  });
});
