import assert from 'node:assert/strict';
import type { Attrs } from '../../compiler/ir/constant.ts';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import { dtypes } from '../../compiler/ir/types.ts';
import { opOf } from '../../compiler/ops/index.ts';
import { MillraceError } from '../../runtime/error.ts';
import { inferOp, inferred, iota, refuses, runOp, tensor, values } from './run-op.ts';

describe('ops that move elements', () => {
  it('reshape and identity keep the order', () => {
    assert.equal(inferred('reshape', '[2,3,4]', { shape: [6, 4] }), 'float32[6,4]');
    assert.deepEqual(values('reshape', [iota([2, 3])], { shape: [3, 2] }), [0, 1, 2, 3, 4, 5]);
    assert.equal(inferred('reshape', '[1]', { shape: [] }), 'float32[]');
    refuses('reshape', '[2,3]', { shape: [4, 2] }, /reshape to \[4,2\].*6 elements.*8/s);
    refuses('reshape', '[2,3]', { shape: [-1, 3] }, /reshape/);
    assert.deepEqual(values('identity', [iota([3])]), [0, 1, 2]);
  });

  it('transpose', () => {
    assert.equal(inferred('transpose', '[2,3,4]', { perm: [2, 0, 1] }), 'float32[4,2,3]');
    assert.deepEqual(values('transpose', [iota([2, 3])], { perm: [1, 0] }), [0, 3, 1, 4, 2, 5]);
    assert.deepEqual(values('transpose', [iota([2, 1, 3])], { perm: [2, 1, 0] }), [0, 3, 1, 4, 2, 5]);
    assert.deepEqual(values('transpose', [iota([2, 2, 2])], { perm: [0, 2, 1] }), [0, 2, 1, 3, 4, 6, 5, 7]);
    refuses('transpose', '[2,3]', { perm: [0, 0] }, /perm.*permutation.*\[0,0\]/s);
    refuses('transpose', '[2,3]', { perm: [0] }, /perm/);
  });

  it('trilu keeps what lies on one side of a diagonal', () => {
    const cases: [Attrs, number[]][] = [
      [{}, [1, 2, 3, 4, 0, 6, 7, 8, 0, 0, 11, 12]],
      [{ k: 2 }, [0, 0, 3, 4, 0, 0, 0, 8, 0, 0, 0, 0]],
      [{ k: -1 }, [1, 2, 3, 4, 5, 6, 7, 8, 0, 10, 11, 12]],
      [{ upper: false }, [1, 0, 0, 0, 5, 6, 0, 0, 9, 10, 11, 0]],
      [{ upper: false, k: 1 }, [1, 2, 0, 0, 5, 6, 7, 0, 9, 10, 11, 12]],
      [{ upper: false, k: -3 }, new Array(12).fill(0)],
    ];
    const x = tensor([3, 4], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    for (const [attrs, expected] of cases) assert.deepEqual(values('trilu', [x], attrs), expected);
    const stack = tensor([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8], 'int64');
    assert.deepEqual(values('trilu', [stack]), [1, 2, 0, 4, 5, 6, 0, 8]);
    const box = { starts: [1, 1], sizes: [2, 2] };
    const piece = opOf('trilu').traits.region!({ upper: true, k: 1 }, box, [x.type], x.type)!;
    assert.deepEqual(values('trilu', [tensor([2, 2], [6, 7, 10, 11])], piece.attrs), [0, 7, 0, 0]);
    refuses('trilu', '[2]', {}, /rows, columns/);
    refuses('trilu', '[2,2]', { k: 0.5 }, /k.*integer/s);
  });

  it('every dtype moves unchanged', () => {
    for (const dtype of dtypes) {
      const x = tensor([2, 2], dtype === 'bool' ? [1, 0, 0, 1] : [1, 2, 3, 4], dtype);
      const [y] = runOp('transpose', [x], { perm: [1, 0] });
      assert.deepEqual([y!.data[0], y!.data[1]], [x.data[0], x.data[2]], dtype);
    }
  });

  it('concat', () => {
    assert.equal(inferred('concat', '[2,3] [2,1] [2,2]', { axis: 1 }), 'float32[2,6]');
    const [a, b] = [iota([2, 2]), tensor([2, 1], [10, 11])];
    assert.deepEqual(values('concat', [a, b, a], { axis: 1 }), [0, 1, 10, 0, 1, 2, 3, 11, 2, 3]);
    assert.deepEqual(values('concat', [a, a], { axis: 0 }), [0, 1, 2, 3, 0, 1, 2, 3]);
    assert.deepEqual(values('concat', [tensor([0, 2], []), a], { axis: 0 }), [0, 1, 2, 3]);
    refuses('concat', '[2,3] [3,3]', { axis: 1 }, /input 1 of concat.*but for axis 1.*float32\[3,3\]/s);
    refuses('concat', '[2,3] [2]', { axis: 0 }, /input 1/);
    refuses('concat', '[2,3]', { axis: 2 }, /axis/);
  });

  it('split', () => {
    assert.equal(inferred('split', '[2,5]', { axis: 1, sizes: [2, 3] }), 'float32[2,2] float32[2,3]');
    const parts = runOp('split', [iota([2, 5])], { axis: 1, sizes: [2, 0, 3] });
    assert.deepEqual(parts.map(toNumbers), [[0, 1, 5, 6], [], [2, 3, 4, 7, 8, 9]]);
    refuses('split', '[2,5]', { axis: 1, sizes: [2, 2] }, /sizes.*parts of axis 1/s);
    refuses('split', '[2,5]', { axis: 2, sizes: [2] }, /axis/);
  });

  it('slice', () => {
    const x = iota([3, 4]);
    const cases: [Attrs, number[]][] = [
      [{ starts: [1, 1], steps: [1, 1], sizes: [2, 2] }, [5, 6, 9, 10]],
      [{ starts: [0, 0], steps: [2, 3], sizes: [2, 2] }, [0, 3, 8, 11]],
      [{ starts: [2, 3], steps: [-1, -2], sizes: [3, 2] }, [11, 9, 7, 5, 3, 1]],
      [{ starts: [0, 0], steps: [1, 1], sizes: [3, 0] }, []],
    ];
    for (const [attrs, expected] of cases) assert.deepEqual(values('slice', [x], attrs), expected);
    refuses('slice', '[3,4]', { starts: [1, 0], steps: [1, 1], sizes: [3, 4] }, /slice of axis 0.*3 from 1/s);
    refuses('slice', '[3,4]', { starts: [0, 2], steps: [1, -1], sizes: [3, 4] }, /slice of axis 1/);
    refuses('slice', '[3,4]', { starts: [0, 0], steps: [1, 0], sizes: [1, 1] }, /axis 1/);
    refuses('slice', '[3,4]', { starts: [0], steps: [1], sizes: [1] }, /one entry per axis/);
  });

  it('pad', () => {
    const x = tensor([2, 3], [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(
      values('pad', [x], { pads: [1, 0, 0, 2], value: 9 }),
      [9, 9, 9, 9, 9, 1, 2, 3, 9, 9, 4, 5, 6, 9, 9],
    );
    assert.deepEqual(
      values('pad', [x], { pads: [0, 2, 0, 1], mode: 'reflect' }),
      [3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5],
    );
    assert.deepEqual(
      values('pad', [x], { pads: [1, 1, 0, 2], mode: 'edge' }),
      [1, 1, 2, 3, 3, 3, 1, 1, 2, 3, 3, 3, 4, 4, 5, 6, 6, 6],
    );
    assert.deepEqual(
      values('pad', [x], { pads: [1, 0, 1, 1], mode: 'reflect' }),
      [4, 5, 6, 5, 1, 2, 3, 2, 4, 5, 6, 5, 1, 2, 3, 2],
    );
    const integers = runOp('pad', [tensor([1], [5], 'int64')], { pads: [1, 0], value: -7 });
    assert.deepEqual(toNumbers(integers[0]!), [-7, 5]);
    refuses('pad', '[2,3]', { pads: [0, 3, 0, 0], mode: 'reflect' }, /pads of axis 1.*at most 2.*3/s);
    refuses('pad', '[0]', { pads: [1, 0], mode: 'edge' }, /pads of axis 0/);
    refuses('pad', '[2,3]', { pads: [0, -1, 0, 0] }, /non-negative/);
    refuses('pad', '[2,3]', { pads: [0, 0, 0, 0], mode: 'wrap' }, /mode.*wrap/s);
  });

  it('expand', () => {
    assert.deepEqual(
      values('expand', [tensor([2, 1], [1, 2])], { shape: [2, 2, 3] }),
      [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2],
    );
    assert.deepEqual(values('expand', [tensor([], [7])], { shape: [3] }), [7, 7, 7]);
    refuses('expand', '[2,3]', { shape: [3] }, /expand.*\[3\]/s);
    refuses('expand', '[2,3]', { shape: [4, 3] }, /broadcast/);
  });

  it('gather', () => {
    const x = iota([3, 2]);
    const at = (...list: number[]) => tensor([list.length], list, 'int64');
    assert.deepEqual(values('gather', [x, at(2, -3, 2)]), [4, 5, 0, 1, 4, 5]);
    assert.deepEqual(values('gather', [x, at(1)], { axis: 1 }), [1, 3, 5]);
    const picked = runOp('gather', [iota([2, 3, 2]), tensor([2, 1], [2, 0], 'int32')], { axis: 1 });
    assert.deepEqual(picked[0]!.type.shape, [2, 2, 1, 2]);
    assert.deepEqual(toNumbers(picked[0]!), [4, 5, 0, 1, 10, 11, 6, 7]);
    assert.deepEqual(runOp('gather', [x, tensor([], [1], 'int64')])[0]!.type.shape, [2]);
    for (const index of [3, -4])
      assert.throws(
        () => values('gather', [x, at(index)]),
        (error) => error instanceof MillraceError && /out of range.*-3 to 2/s.test(error.message),
      );
    refuses('gather', '[3,2] [2]', {}, /indices.*int32 or int64/s);
    assert.throws(() => inferOp('gather', [x.type, at(1).type], { axis: 2 }), /axis/);
  });
});

describe('cast', () => {
  const cast = (from: Parameters<typeof tensor>[2], to: string, list: number[]) =>
    values('cast', [tensor([list.length], list, from)], { to });

  it('truncates towards zero and saturates', () => {
    assert.deepEqual(
      cast('float32', 'int32', [1.9, -1.9, 3e9, -3e9, Number.NaN]),
      [1, -1, 2147483647, -2147483648, 0],
    );
    assert.deepEqual(cast('float32', 'uint8', [1.9, -1, 300]), [1, 0, 255]);
    assert.deepEqual(cast('float32', 'int64', [1.9, -2.5, Number.NaN]), [1, -2, 0]);
    const [edge] = runOp('cast', [tensor([2], [1e30, -1e30])], { to: 'int64' });
    assert.deepEqual([...edge!.data], [2n ** 63n - 1n, -(2n ** 63n)]);
  });

  it('wraps integers, makes bools of what is not zero', () => {
    assert.deepEqual(cast('int32', 'uint8', [257, -1]), [1, 255]);
    assert.deepEqual(cast('int64', 'int32', [2 ** 32 + 5, -1]), [5, -1]);
    assert.deepEqual(cast('int64', 'uint32', [-1]), [2 ** 32 - 1]);
    assert.deepEqual(cast('float32', 'bool', [0, 0.5, -0, Number.NaN]), [0, 1, 0, 1]);
    assert.deepEqual(cast('int64', 'bool', [0, 256]), [0, 1]);
    assert.deepEqual(cast('bool', 'float32', [0, 1]), [0, 1]);
    assert.deepEqual(cast('bool', 'int64', [0, 1]), [0, 1]);
    assert.deepEqual(cast('int64', 'float32', [-3, 9]), [-3, 9]);
    assert.deepEqual(cast('float16', 'float32', [0.5, 65504]), [0.5, 65504]);
    assert.deepEqual(cast('float64', 'float16', [1 / 3]), [0.333251953125]);
    assert.deepEqual(cast('float16', 'int64', [-7.5]), [-7]);
    assert.throws(() => inferOp('cast', [{ dtype: 'float32', shape: [] }], { to: 'complex64' }), /complex64/);
  });
});

describe('fromBfloat16', () => {
  it('widens bits exactly', () => {
    const bits = [0x3f80, 0xc000, 0x0000, 0x8000, 0x7f80, 0x3eab];
    assert.deepEqual(values('fromBfloat16', [tensor([6], bits, 'uint16')]), [
      1,
      -2,
      0,
      -0,
      Number.POSITIVE_INFINITY,
      171 / 512,
    ]);
    assert.throws(() => inferOp('fromBfloat16', [{ dtype: 'int16', shape: [1] }]), /uint16/);
  });
});
