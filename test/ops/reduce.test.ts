import assert from 'node:assert/strict';
import type { Attrs } from '../../compiler/ir/constant.ts';
import { opOf } from '../../compiler/ops/index.ts';
import { checkLowering, lowered } from './run-lowered.ts';
import { assertClose, inferred, iota, randomTensor, refuses, tensor, typesOf, values } from './run-op.ts';
import { checkPermuted, permutations } from './run-permuted.ts';

const all = ['reduceMax', 'reduceMean', 'reduceMin', 'reduceProd', 'reduceSum'];
/** Every set of axes of a rank. */
const subsets = (rank: number): number[][] =>
  Array.from({ length: 2 ** rank }, (_, bits) =>
    Array.from({ length: rank }, (_, axis) => axis).filter((axis) => bits & (1 << axis)),
  );

describe('reductions', () => {
  it('infer shapes', () => {
    const cases: [Attrs, string][] = [
      [{ axes: [1, 2] }, 'float32[2,1,1,5]'],
      [{ axes: [1, 2], keepDims: false }, 'float32[2,5]'],
      [{ axes: [] }, 'float32[2,3,4,5]'],
      [{ axes: [0, 1, 2, 3], keepDims: false }, 'float32[]'],
    ];
    for (const op of all)
      for (const [attrs, expected] of cases) assert.equal(inferred(op, '[2,3,4,5]', attrs), expected);
  });

  it('refuse axes that are not ascending axes of the input', () => {
    for (const axes of [[2], [-1], [1, 0], [0, 0], [0.5]])
      refuses('reduceSum', '[2,3]', { axes }, /axes.*ascending.*float32\[2,3\]/s);
  });

  it('combine elements over the axes', () => {
    const x = tensor([2, 2, 3], [1, -2, 3, 4, 5, 6, 7, 8, -9, 10, 11, 12]);
    const cases: [string, number[], number[]][] = [
      ['reduceSum', [0], [8, 6, -6, 14, 16, 18]],
      ['reduceSum', [2], [2, 15, 6, 33]],
      ['reduceSum', [0, 2], [8, 48]],
      ['reduceSum', [], [1, -2, 3, 4, 5, 6, 7, 8, -9, 10, 11, 12]],
      ['reduceMean', [1, 2], [17 / 6, 39 / 6]],
      ['reduceMax', [1], [4, 5, 6, 10, 11, 12]],
      ['reduceMin', [0, 1, 2], [-9]],
      ['reduceProd', [1, 2], [-720, 7 * 8 * -9 * 1320]],
    ];
    for (const [op, axes, expected] of cases) assertClose(values(op, [x], { axes }), expected, 1e-6, op);
  });

  it('have a value over no elements', () => {
    const empty = tensor([2, 0], []);
    const { POSITIVE_INFINITY: most, NEGATIVE_INFINITY: least } = Number;
    assert.deepEqual(values('reduceSum', [empty], { axes: [1] }), [0, 0]);
    assert.deepEqual(values('reduceProd', [empty], { axes: [1] }), [1, 1]);
    assert.deepEqual(values('reduceMax', [empty], { axes: [1] }), [least, least]);
    assert.deepEqual(values('reduceMin', [empty], { axes: [1] }), [most, most]);
    assert.deepEqual(values('reduceSum', [empty], { axes: [0] }), []);
    assert.equal(lowered('reduceSum', [empty], { axes: [1] }, []), null);
  });

  it('take integers and bool, truncating means', () => {
    assert.deepEqual(values('reduceMean', [tensor([3], [1, 2, 2], 'int64')], { axes: [0] }), [1]);
    assert.deepEqual(values('reduceProd', [tensor([3], [3, 4, 5], 'int64')], { axes: [0] }), [60]);
    assert.deepEqual(values('reduceMax', [tensor([2, 2], [0, 0, 0, 1], 'bool')], { axes: [1] }), [0, 1]);
  });

  it('lower every set of axes', () => {
    for (const shape of [[2, 3, 4, 5], [2, 1, 3, 2, 4], [1, 1], [6]])
      for (const axes of subsets(shape.length))
        for (const op of ['reduceMax', 'reduceMean', 'reduceMin', 'reduceSum'])
          checkLowering(op, [randomTensor(shape, 5)], { axes });
  });

  it('lower neighbouring axes to one call, others through scratch, longest first', () => {
    const x = iota([8, 3, 64]);
    assert.deepEqual(checkLowering('reduceMean', [iota([2, 7, 7, 5])], { axes: [1, 2] }), ['f32-reduce']);
    assert.deepEqual(checkLowering('reduceMax', [iota([4, 1, 3])], { axes: [0, 2] }), ['f32-reduce']);
    const lowering = lowered('reduceMax', [x], { axes: [0, 2] }, [])!;
    assert.deepEqual(lowering.scratch, [4 * 24]);
    assert.deepEqual(
      lowering.calls.map(({ params }) => params),
      [
        { outer: 24, reduce: 64, inner: 1, fn: 'max' },
        { outer: 1, reduce: 8, inner: 3, fn: 'max' },
      ],
    );
  });

  it('leave products and other dtypes to the reference', () => {
    assert.equal(lowered('reduceProd', [iota([3])], { axes: [0] }, []), null);
    assert.equal(lowered('reduceSum', [iota([3], 'int32')], { axes: [0] }, []), null);
  });

  it('move past a transpose', () => {
    const x = randomTensor([2, 3, 4, 5], 8);
    for (const perm of permutations(4))
      for (const axes of [[], [0], [1, 2], [0, 3], [0, 1, 2, 3]])
        for (const keepDims of [true, false]) checkPermuted('reduceSum', [x], { axes, keepDims }, perm);
  });

  it('cost one operation per input element', () => {
    const op = opOf('reduceSum');
    const types = typesOf('[4,6]');
    const attrs = { axes: [1], keepDims: true };
    assert.deepEqual(op.cost(types, op.infer(types, attrs), attrs), { flops: 24, bytes: 4 * 28 });
  });
});
