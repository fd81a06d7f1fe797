import assert from 'node:assert/strict';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import { inferOp, iota, refuses, runOp, tensor, values } from './run-op.ts';

const all = (op: string, inputs: Parameters<typeof runOp>[1], attrs = {}): number[][] =>
  runOp(op, inputs, attrs).map(toNumbers);

describe('elements that data choose', () => {
  it('nonZero', () => {
    assert.deepEqual(all('nonZero', [tensor([2, 2], [1, 0, 3, 4])]), [[0, 1, 1, 0, 0, 0, 1, 0], [3]]);
    assert.deepEqual(all('nonZero', [tensor([3], [-0, 2, Number.NaN], 'float16')]), [[1, 2, 0], [2]]);
    assert.deepEqual(all('nonZero', [tensor([2], [0, 5], 'int64')]), [[1, 0], [1]]);
    assert.deepEqual(all('nonZero', [tensor([0], [])]), [[], [0]]);
  });

  it('compress', () => {
    const x = iota([3, 2]);
    const condition = tensor([3], [0, 1, 1], 'bool');
    assert.deepEqual(all('compress', [x, condition]), [[2, 3, 4, 5, 0, 0], [2]]);
    const columns = tensor([2], [0, 1], 'bool');
    assert.deepEqual(all('compress', [x, columns], { axis: 1 }), [[1, 0, 3, 0, 5, 0], [1]]);
    const short = tensor([1], [1], 'bool');
    assert.deepEqual(all('compress', [x, short]), [[0, 1], [1]]);
    refuses('compress', '[3,2] [3]', {}, /condition.*bool\[3\]/s);
    refuses('compress', '[3,2] [3]', { axis: 2 }, /axis/);
  });

  it('unique, in order or as they come', () => {
    const x = tensor([6], [2, 1, 1, 3, 4, 3]);
    const sorted = [[1, 2, 3, 4, 0, 0], [1, 0, 3, 4, 0, 0], [1, 0, 0, 2, 3, 2], [2, 1, 2, 1, 0, 0], [4]];
    assert.deepEqual(all('unique', [x]), sorted);
    const found = [[2, 1, 3, 4, 0, 0], [0, 1, 3, 4, 0, 0], [0, 1, 1, 2, 3, 2], [1, 2, 2, 1, 0, 0], [4]];
    assert.deepEqual(all('unique', [x], { sorted: false }), found);
    const rows = tensor([3, 2], [2, 0, 1, 5, 2, 0]);
    assert.deepEqual(all('unique', [rows]), [[1, 5, 2, 0, 0, 0], [1, 0, 0], [1, 0, 1], [1, 2, 0], [2]]);
    const columns = tensor([2, 3], [1, 0, 1, 2, 3, 2]);
    assert.deepEqual(all('unique', [columns], { axis: 1 })[0], [0, 1, 0, 3, 2, 0]);
    const nan = all('unique', [tensor([3], [Number.NaN, 1, Number.NaN])]);
    assert.deepEqual(nan[0]!.slice(0, 2), [1, Number.NaN]);
    assert.deepEqual(nan[4], [2]);
    refuses('unique', '[3]', { axis: 1 }, /axis/);
  });

  it('nonMaxSuppression keeps the best of those that overlap', () => {
    // Two pairs that overlap by 0.9 / 1.1, and two boxes apart.
    const boxes = [0, 0.1, -0.1, 10, 10.1, 100].flatMap((y) => [y, 0, y + 1, 1]);
    const scores = tensor([1, 1, 6], [0.9, 0.75, 0.6, 0.95, 0.5, 0.3]);
    const run = (attrs: object) => all('nonMaxSuppression', [tensor([1, 6, 4], boxes), scores], attrs);
    const [rows, count] = run({ most: 3, overlap: 0.5 });
    assert.deepEqual([rows, count], [[0, 0, 3, 0, 0, 0, 0, 0, 5], [3]]);
    assert.deepEqual(run({ most: 2, overlap: 0.5 })[0], [0, 0, 3, 0, 0, 0]);
    assert.deepEqual(run({ most: 3, overlap: 0.5, least: 0.4 })[1], [2]);
    assert.deepEqual(run({ most: 9, overlap: 1 })[1], [6]);
    assert.deepEqual(run({ most: 0 }), [[], [0]]);
    // Corners in any order, and centres.
    const flipped = boxes.map((_, i) => boxes[i - (i % 4) + (((i % 4) + 2) % 4)]!);
    const same = all('nonMaxSuppression', [tensor([1, 6, 4], flipped), scores], { most: 3, overlap: 0.5 });
    assert.deepEqual(same[0], rows);
    const centres = boxes.map((value, i) => (i % 4 < 2 ? value + 0.5 : 1));
    const attrs = { most: 3, overlap: 0.5, centred: true };
    assert.deepEqual(all('nonMaxSuppression', [tensor([1, 6, 4], centres), scores], attrs)[0], rows);
    // What overlaps by just as much stays.
    const half = [tensor([1, 2, 4], [0, 0, 1, 2, 0, 0, 1, 1]), tensor([1, 1, 2], [2, 1])];
    assert.deepEqual(all('nonMaxSuppression', half, { most: 2, overlap: 0.5 })[1], [2]);
    assert.deepEqual(all('nonMaxSuppression', half, { most: 2, overlap: 0.49 })[1], [1]);
    refuses('nonMaxSuppression', '[1,6,3] [1,1,6]', { most: 1 }, /boxes/);
    refuses('nonMaxSuppression', '[1,6,4] [1,1,5]', { most: 1 }, /scores.*\[1, classes, 6\]/s);
  });

  it('trim puts the true elements together, and says their shape', () => {
    const count = (n: number) => tensor([], [n], 'int64');
    const x = iota([2, 3]);
    assert.deepEqual(all('trim', [x, count(2)], { axis: 1 }), [
      [0, 1, 3, 4, 0, 0],
      [2, 2],
    ]);
    assert.deepEqual(all('trim', [x, count(1)]), [
      [0, 1, 2, 0, 0, 0],
      [1, 3],
    ]);
    assert.deepEqual(values('trim', [x, count(9)]), [0, 1, 2, 3, 4, 5]);
    assert.throws(() => inferOp('trim', [x.type, x.type], {}), /count/);
    assert.throws(() => inferOp('trim', [x.type, count(1).type], { axis: 2 }), /axis/);
  });
});
