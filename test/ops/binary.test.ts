import assert from 'node:assert/strict';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import type { DType } from '../../compiler/ir/types.ts';
import { assertClose, inferOp, inferred, iota, refuses, runOp, tensor, values } from './run-op.ts';

const pair = (a: number[], b: number[], dtype: DType = 'float32') => [
  tensor([a.length], a, dtype),
  tensor([b.length], b, dtype),
];

describe('binary ops', () => {
  it('broadcast as numpy does', () => {
    const cases: [string, string][] = [
      ['[2,3,4] [4]', 'float32[2,3,4]'],
      ['[2,3,4] [3,1]', 'float32[2,3,4]'],
      ['[3,1] [1,4]', 'float32[3,4]'],
      ['[] [2,3]', 'float32[2,3]'],
      ['[1,8,1,1] [2,1,5,5]', 'float32[2,8,5,5]'],
      ['[0,3] [1,3]', 'float32[0,3]'],
      ['[0] [1]', 'float32[0]'],
    ];
    for (const [shapes, expected] of cases) assert.equal(inferred('add', shapes), expected, shapes);
    refuses('add', '[2,3] [2,4]', {}, /do not broadcast.*\[2,3\] and \[2,4\]/s);
    refuses('add', '[2] [2]', {}, /add of bool/, 'bool');
    assert.throws(
      () =>
        inferOp('mul', [
          { dtype: 'float32', shape: [2] },
          { dtype: 'int64', shape: [2] },
        ]),
      /mul of two dtypes.*float32\[2\] and int64\[2\]/s,
    );
  });

  it('compute with broadcasting', () => {
    const column = tensor([2, 1], [10, 20]);
    const row = tensor([3], [1, 2, 3]);
    assert.deepEqual(values('add', [column, row]), [11, 12, 13, 21, 22, 23]);
    assert.deepEqual(values('sub', [row, column]), [-9, -8, -7, -19, -18, -17]);
    assert.deepEqual(
      values('mul', [iota([2, 2, 2]), tensor([2, 1, 1], [1, -1])]),
      [0, 1, 2, 3, -4, -5, -6, -7],
    );
    assert.deepEqual(values('div', [tensor([], [1]), tensor([1, 2], [4, 0])]), [
      0.25,
      Number.POSITIVE_INFINITY,
    ]);
    assert.deepEqual(values('add', [tensor([0, 3], []), row]), []);
  });

  it('floats', () => {
    assert.deepEqual(values('min', pair([1, 5, -1], [2, 3, -4])), [1, 3, -4]);
    assert.deepEqual(values('max', pair([1, 5, -1], [2, 3, -4])), [2, 5, -1]);
    assert.ok(values('max', pair([1, Number.NaN], [Number.NaN, 1])).every(Number.isNaN));
    assert.deepEqual(values('pow', pair([2, 9, -2, 0], [3, 0.5, 3, 0])), [8, 3, -8, 1]);
    assert.deepEqual(values('prelu', pair([-2, 4], [0.5, 0.5])), [-1, 4]);
    assertClose(values('mul', pair([0.1], [3], 'float16')), [0.3], 1e-3);
    // Rounded to float32 once: 16777217 is not a float32.
    assert.deepEqual(values('add', pair([16777216], [1])), [16777216]);
  });

  it('integers truncate, wrap around, and do not divide by zero', () => {
    for (const dtype of ['int32', 'int64', 'int16'] as const) {
      assert.deepEqual(values('div', pair([7, -7, 7, 5], [2, 2, -2, 0], dtype)), [3, -3, -3, 0], dtype);
      assert.deepEqual(
        values('pow', pair([2, -3, 1, -1, 4], [10, 3, -5, -3, -1], dtype)),
        [1024, -27, 1, -1, 0],
      );
      assert.deepEqual(values('min', pair([2, -3], [1, 7], dtype)), [1, -3]);
      assert.deepEqual(values('max', pair([2, -3], [1, 7], dtype)), [2, 7]);
      assert.deepEqual(values('prelu', pair([2, -3], [5, 7], dtype)), [2, -21]);
    }
    assert.deepEqual(values('add', pair([250], [10], 'uint8')), [4]);
    assert.deepEqual(values('mul', pair([0x7fffffff], [0x7fffffff], 'int32')), [1]);
    const [large] = runOp('mul', pair([2 ** 40], [2 ** 20 + 1], 'int64'));
    assert.equal(large!.data[0], 2n ** 60n + 2n ** 40n);
  });

  it('apply their epilogue to the rounded result', () => {
    assert.deepEqual(values('add', pair([1, -5], [1, 2]), { act: 'relu' }), [2, 0]);
    assert.deepEqual(values('mul', pair([2, -5], [1, 2]), { act: 'clip', alpha: -3, beta: 1 }), [1, -3]);
    assert.throws(() => values('add', pair([1], [1]), { act: 'relux' }), /no such activation.*relux/s);
  });

  it('prelu broadcasts the slope, not x', () => {
    assert.equal(inferred('prelu', '[2,5,5,8] [8]'), 'float32[2,5,5,8]');
    refuses('prelu', '[8] [2,8]', {}, /slope.*broadcasts to float32\[8\]/s);
    assert.deepEqual(
      values('prelu', [tensor([2, 2], [-1, -1, 1, -2]), tensor([2], [2, 3])]),
      [-2, -3, 1, -6],
    );
  });
});

describe('comparisons and connectives', () => {
  const bools = (...list: number[]) => tensor([list.length], list, 'bool');

  it('give bools', () => {
    assert.equal(inferred('less', '[2,1] [3]'), 'bool[2,3]');
    const cases: [string, number[]][] = [
      ['equal', [0, 1, 0]],
      ['less', [1, 0, 0]],
      ['greater', [0, 0, 1]],
      ['lessOrEqual', [1, 1, 0]],
      ['greaterOrEqual', [0, 1, 1]],
    ];
    for (const [op, expected] of cases)
      for (const dtype of ['float32', 'int64', 'uint8', 'float16'] as const)
        assert.deepEqual(values(op, pair([1, 2, 3], [2, 2, 2], dtype)), expected, `${op} ${dtype}`);
    assert.deepEqual(values('equal', [bools(1, 0), bools(1, 1)]), [1, 0]);
    assert.deepEqual(values('equal', pair([Number.NaN], [Number.NaN])), [0]);
    assert.deepEqual(values('isNan', [tensor([2], [Number.NaN, 1])]), [1, 0]);
    const ends = tensor([4], [Number.NaN, -Infinity, Infinity, 1]);
    assert.deepEqual(values('isInf', [ends]), [0, 1, 1, 0]);
    assert.deepEqual(values('isInf', [ends], { negative: false }), [0, 0, 1, 0]);
    assert.deepEqual(values('isInf', [ends], { positive: false }), [0, 1, 0, 0]);
  });

  it('combine bools', () => {
    const [a, b] = [bools(0, 0, 1, 1), bools(0, 1, 0, 1)];
    assert.deepEqual(values('and', [a, b]), [0, 0, 0, 1]);
    assert.deepEqual(values('or', [a, b]), [0, 1, 1, 1]);
    assert.deepEqual(values('xor', [a, b]), [0, 1, 1, 0]);
    assert.deepEqual(values('not', [a]), [1, 1, 0, 0]);
    refuses('and', '[2] [2]', {}, /and of float32.*bools/s);
    refuses('less', '[2] [2]', {}, /less of bool.*numbers/s, 'bool');
    refuses('not', '[2]', {}, /not.*bool/s);
    refuses('isNan', '[2]', {}, /floating/, 'int32');
  });

  it('where chooses, with broadcasting', () => {
    const chosen = runOp('where', [
      tensor([2, 1], [1, 0], 'bool'),
      tensor([3], [1, 2, 3], 'int64'),
      tensor([], [9], 'int64'),
    ]);
    assert.deepEqual(chosen[0]!.type.shape, [2, 3]);
    assert.deepEqual(toNumbers(chosen[0]!), [1, 2, 3, 9, 9, 9]);
    refuses('where', '[2] [2] [2]', {}, /condition.*bool/s);
  });

  it('mod takes the sign of the divisor, fmod that of the dividend', () => {
    const [a, b] = [
      [7, -7, 7, -7, 5],
      [3, 3, -3, -3, 0],
    ];
    for (const dtype of ['int64', 'int32'] as const) {
      assert.deepEqual(values('mod', pair(a, b, dtype)), [1, 2, -2, -1, 0]);
      assert.deepEqual(values('mod', pair(a, b, dtype), { fmod: true }), [1, -1, 1, -1, 0]);
    }
    assertClose(values('mod', pair([5.5, -5.5], [2, 2]), { fmod: true }), [1.5, -1.5]);
  });
});
