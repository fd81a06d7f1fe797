import assert from 'node:assert/strict';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import { MillraceError } from '../../runtime/error.ts';
import { inferOp, inferred, iota, refuses, runOp, tensor, values } from './run-op.ts';

const ints = (shape: readonly number[], numbers: readonly number[]) => tensor(shape, numbers, 'int64');
const int64 = (shape: readonly number[]) => ({ dtype: 'int64', shape }) as const;
const float32 = (shape: readonly number[]) => ({ dtype: 'float32', shape }) as const;

/** Running it is refused, with a message that matches. */
function fails(run: () => unknown, message: RegExp): void {
  assert.throws(run, (error) => error instanceof MillraceError && message.test(error.message));
}

describe('ops at indices', () => {
  it('gatherElements puts an index in the place of an axis', () => {
    const x = tensor([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // The two examples of ONNX GatherElements.
    const square = tensor([2, 2], [1, 2, 3, 4]);
    assert.deepEqual(
      values('gatherElements', [square, ints([2, 2], [0, 0, 1, 0])], { axis: 1 }),
      [1, 1, 4, 3],
    );
    assert.deepEqual(
      values('gatherElements', [x, ints([2, 3], [1, 2, 0, 2, 0, 0])], { axis: 0 }),
      [4, 8, 3, 7, 2, 3],
    );
    // Fewer rows than x has; below zero from the end.
    assert.deepEqual(values('gatherElements', [x, ints([1, 2], [-1, 0])], { axis: 1 }), [3, 1]);
    const cube = iota([2, 2, 2]);
    assert.deepEqual(
      values('gatherElements', [cube, ints([2, 1, 2], [1, 0, 0, 1])], { axis: 1 }),
      [2, 1, 4, 7],
    );
    assert.deepEqual(values('gatherElements', [x, ints([0, 3], [])], { axis: 0 }), []);
    refuses('gatherElements', '[3,3] [2,3]', {}, /indices.*int32 or int64.*float32/s);
    fails(() => inferOp('gatherElements', [float32([3, 3]), int64([2, 4])], {}), /at most the extents/);
    fails(() => inferOp('gatherElements', [float32([3]), int64([2])], { axis: 1 }), /axis/);
    fails(() => runOp('gatherElements', [x, ints([1, 1], [3])], { axis: 0 }), /out of range.*-3 to 2.*3/s);
  });

  it('scatterElements writes, adds, multiplies, or keeps the extremes', () => {
    const x = tensor([1, 5], [1, 2, 3, 4, 5]);
    const two = [ints([1, 2], [1, 1]), tensor([1, 2], [1.5, 2.5])] as const;
    const results: [string, number[]][] = [
      ['none', [1, 2.5, 3, 4, 5]],
      ['add', [1, 6, 3, 4, 5]],
      ['mul', [1, 7.5, 3, 4, 5]],
      ['min', [1, 1.5, 3, 4, 5]],
      ['max', [1, 2.5, 3, 4, 5]],
    ];
    for (const [reduction, expected] of results)
      assert.deepEqual(values('scatterElements', [x, ...two], { axis: 1, reduction }), expected, reduction);
    // The first example of ONNX ScatterElements.
    const zeros = tensor([3, 3], new Array(9).fill(0));
    const places = ints([2, 3], [1, 0, 2, 0, 2, 1]);
    const updates = tensor([2, 3], [1, 1.125, 1.25, 2, 2.125, 2.25]);
    assert.deepEqual(
      values('scatterElements', [zeros, places, updates], { axis: 0 }),
      [2, 1.125, 0, 1, 0, 2.25, 0, 2.125, 1.25],
    );
    // 64-bit integers beyond 2^53, 32-bit ones that wrap, and halves.
    const big = { type: int64([1]), data: BigInt64Array.of(2n ** 60n) };
    const [sum] = runOp('scatterElements', [big, ints([1], [0]), ints([1], [1])], { reduction: 'add' });
    assert.equal(sum!.data[0], 2n ** 60n + 1n);
    const large = tensor([1], [2 ** 30 + 1], 'int32');
    const product = [large, ints([1], [0]), tensor([1], [2 ** 30 + 1], 'int32')];
    assert.deepEqual(values('scatterElements', product, { reduction: 'mul' }), [
      Math.imul(2 ** 30 + 1, 2 ** 30 + 1),
    ]);
    const half = tensor([2], [1, 2], 'float16');
    const halves = [half, ints([2], [0, 0]), tensor([2], [0.5, 0.25], 'float16')];
    assert.deepEqual(values('scatterElements', halves, { reduction: 'add' }), [1.75, 2]);
    fails(
      () => inferOp('scatterElements', [float32([3]), int64([2]), float32([3])], {}),
      /updates.*float32\[2\]/s,
    );
    fails(
      () => inferOp('scatterElements', [float32([3]), int64([2]), float32([2])], { reduction: 'sum' }),
      /reduction.*none, add/s,
    );
    const bool = { dtype: 'bool', shape: [2] } as const;
    fails(() => inferOp('scatterElements', [bool, int64([2]), bool], { reduction: 'add' }), /numbers/);
  });

  it('gatherPoints takes what a point leaves open', () => {
    // The five examples of ONNX GatherND.
    const x = iota([2, 2]);
    assert.deepEqual(values('gatherPoints', [x, ints([2, 2], [0, 0, 1, 1])]), [0, 3]);
    assert.deepEqual(values('gatherPoints', [x, ints([2, 1], [1, 0])]), [2, 3, 0, 1]);
    const cube = iota([2, 2, 2]);
    assert.deepEqual(values('gatherPoints', [cube, ints([2, 2], [0, 1, 1, 0])]), [2, 3, 4, 5]);
    const column = inferOp('gatherPoints', [cube.type, int64([2, 1, 2])]);
    assert.deepEqual(column, [float32([2, 1, 2])]);
    assert.deepEqual(values('gatherPoints', [cube, ints([2, 1], [1, 0])], { batches: 1 }), [2, 3, 4, 5]);
    assert.equal(runOp('gatherPoints', [tensor([2, 0], []), ints([1, 1], [1])])[0]!.data.length, 0);
    fails(() => inferOp('gatherPoints', [float32([2, 2]), int64([2, 3])]), /indices.*1 to 2/s);
    fails(() => inferOp('gatherPoints', [float32([2, 2]), int64([3, 1])], { batches: 1 }), /indices/);
    fails(() => inferOp('gatherPoints', [float32([2]), float32([1, 1])]), /int32 or int64/);
    fails(() => runOp('gatherPoints', [x, ints([1, 2], [0, 2])]), /out of range.*-2 to 1.*2/s);
  });

  it('scatterPoints writes slices, or combines them', () => {
    // The first example of ONNX ScatterND.
    const x = tensor([8], [1, 2, 3, 4, 5, 6, 7, 8]);
    const at = [ints([4, 1], [4, 3, 1, 7]), tensor([4], [9, 10, 11, 12])];
    assert.deepEqual(values('scatterPoints', [x, ...at]), [1, 11, 3, 10, 9, 6, 7, 12]);
    const rows = [iota([2, 2]), ints([2, 1], [1, -1]), tensor([2, 2], [5, -6, 7, 8])];
    assert.deepEqual(values('scatterPoints', rows), [0, 1, 7, 8]);
    assert.deepEqual(values('scatterPoints', rows, { reduction: 'add' }), [0, 1, 14, 5]);
    assert.deepEqual(values('scatterPoints', rows, { reduction: 'mul' }), [0, 1, 70, -144]);
    assert.deepEqual(values('scatterPoints', rows, { reduction: 'min' }), [0, 1, 2, -6]);
    assert.deepEqual(values('scatterPoints', rows, { reduction: 'max' }), [0, 1, 7, 8]);
    fails(
      () => inferOp('scatterPoints', [float32([8]), int64([4, 1]), float32([3])]),
      /updates.*float32\[4\]/s,
    );
  });

  it('tensorScatter appends to a cache, which may go round', () => {
    const cache = iota([2, 3, 1]);
    const step = tensor([2, 2, 1], [10, 11, 12, 13]);
    assert.deepEqual(values('tensorScatter', [cache, step, null], { axis: 1 }), [10, 11, 2, 12, 13, 5]);
    assert.deepEqual(
      values('tensorScatter', [cache, step, ints([2], [1, 0])], { axis: 1 }),
      [0, 10, 11, 12, 13, 5],
    );
    const round = [cache, step, ints([2], [2, 1])];
    assert.deepEqual(values('tensorScatter', round, { axis: 1, circular: true }), [11, 1, 10, 3, 12, 13]);
    fails(() => runOp('tensorScatter', round, { axis: 1 }), /position out of range.*0 to 1.*2/s);
    refuses('tensorScatter', '[2,3,1] [2,4,1]', { axis: 1 }, /update.*shorter along axis 1/s);
    refuses('tensorScatter', '[2,3,1] [2,2,1]', { axis: 0 }, /axis.*but the first/s);
  });

  it('oneHot', () => {
    const values2 = tensor([2], [-1, 5]);
    assert.deepEqual(
      values('oneHot', [ints([2], [0, -1]), values2], { depth: 3, axis: 1 }),
      [5, -1, -1, -1, -1, 5],
    );
    assert.deepEqual(
      values('oneHot', [ints([2], [0, 2]), values2], { depth: 3, axis: 0 }),
      [5, -1, -1, -1, -1, 5],
    );
    assert.deepEqual(
      values('oneHot', [tensor([2], [3, -4]), values2], { depth: 3, axis: 1 }),
      new Array(6).fill(-1),
    );
    refuses('oneHot', '[2] [3]', { depth: 3, axis: 0 }, /values.*float32\[2\]/s);
    refuses('oneHot', '[2] [2]', { depth: -1, axis: 0 }, /depth/);
    refuses('oneHot', '[2] [2]', { depth: 3, axis: 2 }, /axis.*0 to 1/s);
  });
});

describe('searches along an axis', () => {
  it('argMax and argMin take the first of equals, or the last', () => {
    const x = tensor([2, 3], [2, 2, 1, 3, 10, 10]);
    assert.deepEqual(values('argMax', [x], { axis: 1 }), [0, 1]);
    assert.deepEqual(values('argMax', [x], { axis: 1, last: true }), [1, 2]);
    assert.deepEqual(values('argMin', [x], { axis: 0 }), [0, 0, 0]);
    assert.deepEqual(values('argMax', [x], { axis: 0 }), [1, 1, 1]);
    assert.deepEqual(values('argMin', [tensor([3], [-1, 2, -3], 'float16')]), [2]);
    const big = { type: int64([2]), data: BigInt64Array.of(2n ** 60n, 2n ** 60n + 1n) };
    assert.deepEqual(values('argMax', [big]), [1]);
    assert.equal(inferred('argMax', '[2,3]', { axis: 1 }), 'int64[2,1]');
    assert.equal(inferred('argMin', '[2,3]', { axis: 1, keepDims: false }), 'int64[2]');
    refuses('argMax', '[2,0]', { axis: 1 }, /an element along axis 1/);
    refuses('argMax', '[2]', { axis: 1 }, /axis/);
  });

  it('topK is ordered, equals by place', () => {
    const run = (k: number, numbers: readonly number[], attrs = {}): number[][] =>
      runOp('topK', [tensor([numbers.length], numbers)], { k, axis: 0, ...attrs }).map(toNumbers);
    assert.deepEqual(run(3, [3, 1, 4, 1, 5, 9, 2, 6]), [
      [9, 6, 5],
      [5, 7, 4],
    ]);
    assert.deepEqual(run(2, [3, 1, 4, 1, 5], { largest: false }), [
      [1, 1],
      [1, 3],
    ]);
    assert.deepEqual(run(3, [7, 7, 7, 7]), [
      [7, 7, 7],
      [0, 1, 2],
    ]);
    assert.deepEqual(run(4, [1, 2, 2, 1]), [
      [2, 2, 1, 1],
      [1, 2, 0, 3],
    ]);
    assert.deepEqual(run(0, [1, 2]), [[], []]);
    const columns = runOp('topK', [tensor([3, 2], [1, 6, 3, 4, 2, 5])], { k: 2, axis: 0 });
    assert.deepEqual(columns.map(toNumbers), [
      [3, 6, 2, 5],
      [1, 0, 2, 2],
    ]);
    refuses('topK', '[3]', { k: 4, axis: 0 }, /k.*0 to 3.*4/s);
    refuses('topK', '[3]', { k: 1, axis: 1 }, /axis/);
  });

  it('cumSum and cumProd, from either end, with the element or without', () => {
    const x = tensor([3], [1, 2, 3]);
    assert.deepEqual(values('cumSum', [x]), [1, 3, 6]);
    assert.deepEqual(values('cumSum', [x], { exclusive: true }), [0, 1, 3]);
    assert.deepEqual(values('cumSum', [x], { reverse: true }), [6, 5, 3]);
    assert.deepEqual(values('cumSum', [x], { exclusive: true, reverse: true }), [5, 3, 0]);
    assert.deepEqual(values('cumSum', [iota([2, 3])], { axis: 0 }), [0, 1, 2, 3, 5, 7]);
    assert.deepEqual(values('cumProd', [tensor([4], [1, 2, 3, 4])]), [1, 2, 6, 24]);
    assert.deepEqual(values('cumProd', [ints([3], [2, 3, 4])], { exclusive: true }), [1, 2, 6]);
    const big = { type: int64([2]), data: BigInt64Array.of(2n ** 60n, 1n) };
    assert.equal(runOp('cumSum', [big])[0]!.data[1], 2n ** 60n + 1n);
    refuses('cumSum', '[3]', {}, /numbers/, 'bool');
    refuses('cumProd', '[3]', { axis: 1 }, /axis/);
  });

  it('reverseSequence turns the first steps', () => {
    // The first example of ONNX ReverseSequence.
    const x = tensor([4, 4], [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15]);
    const lengths = ints([4], [4, 3, 2, 1]);
    assert.deepEqual(
      values('reverseSequence', [x, lengths]),
      [3, 6, 9, 12, 2, 5, 8, 13, 1, 4, 10, 14, 0, 7, 11, 15],
    );
    const rows = [iota([2, 3, 1]), ints([2], [2, 3])];
    assert.deepEqual(values('reverseSequence', rows, { batchAxis: 0, timeAxis: 1 }), [1, 0, 2, 5, 4, 3]);
    refuses('reverseSequence', '[4,4] [4]', {}, /lengths.*int64\[4\]/s);
    refuses('reverseSequence', '[4,4] [4]', { batchAxis: 2 }, /the first two/);
  });
});
