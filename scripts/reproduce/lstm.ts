/**
 * The LSTM cell of PyTorch's test_memory_planning.cpp, 64-byte aligned. The gates are views of the sum %8 (item 2): the
 * vectors of the greedy by longest count it with its views, until 8; that of the greedy by breadth without, until 4. The
 * others come out the same either way.
 */
import { type Interval, planners, verifyPlacement } from '../../compiler/memory/index.ts';
import { mustEqual, type Table } from './table.ts';

/** Begin and end, both included. */
const ranges = (endOfSum: number): readonly (readonly [number, number, number])[] => [
  [0, 3, 1024],
  [1, 3, 1024],
  [3, endOfSum, 1024],
  [5, 10, 256],
  [6, 14, 256],
  [7, 10, 256],
  [8, 9, 256],
  [9, 12, 256],
  [10, 12, 256],
  [13, 14, 256],
];

export const lstmIntervals = (endOfSum: 4 | 8): Interval[] =>
  ranges(endOfSum).map(([begin, end, byteLength], id) => ({ id, byteLength, start: begin, end: end + 1 }));

const TIGHT = [0, 1024, 2048, 0, 256, 512, 768, 1024, 768, 0];
const LONGEST = [1280, 2304, 256, 1280, 0, 1536, 1792, 256, 512, 256];

/** Planner, end of the sum, bytes, offsets. */
export const lstmVectors: readonly (readonly [string, 4 | 8, number, readonly number[]])[] = [
  ['naive', 8, 4864, [0, 1024, 2048, 3072, 3328, 3584, 3840, 4096, 4352, 4608]],
  ['linear-scan', 8, 3072, TIGHT],
  ['greedy-by-size', 8, 3072, TIGHT],
  ['greedy-by-size-first-gap', 8, 3072, TIGHT],
  ['greedy-by-longest', 8, 3328, LONGEST],
  ['greedy-by-longest-first-gap', 8, 3328, LONGEST],
  ['greedy-by-touched-breadth', 4, 3072, [0, 1024, 2048, 0, 1024, 256, 512, 768, 512, 0]],
];

export const lstm = (): Table => ({
  title: 'LSTM cell, bytes and offsets',
  source: 'PyTorch pull requests 63873, 64347 ff.',
  columns: ['bytes', 'offsets'],
  rows: lstmVectors.map(([planner, endOfSum, bytes, offsets]) => {
    const intervals = lstmIntervals(endOfSum);
    const placement = planners[planner]!(intervals, { alignmentOf: () => 64 });
    return {
      name: planner,
      cells: [
        mustEqual(bytes, verifyPlacement(intervals, placement)),
        mustEqual(offsets.join(' '), intervals.map(({ id }) => placement.get(id)).join(' ')),
      ],
    };
  }),
});
