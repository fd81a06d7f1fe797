/** Nodes that find, repeat and sum up, and that become several of ours, or a constant. */
import assert from 'node:assert/strict';
import { assertClose, iota, tensor } from '../ops/run-op.ts';
import { int64s } from './make-model.ts';
import { one } from './run-model.ts';

describe('Tile, Pad, Hardmax, EyeLike and reductions made of others', () => {
  it('Tile repeats each axis', async () => {
    const x = iota([2, 2]);
    const tiled = await one(13, 'Tile', x, {}, [int64s('repeats', [2, 3])]);
    assert.deepEqual(tiled.shape, [4, 6]);
    assert.deepEqual(tiled.values.slice(0, 12), [0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3]);
    assert.deepEqual(tiled.values.slice(12), tiled.values.slice(0, 12));
    assert.deepEqual((await one(13, 'Tile', x, {}, [int64s('repeats', [1, 1])])).values, [0, 1, 2, 3]);
    assert.deepEqual((await one(13, 'Tile', x, {}, [int64s('repeats', [1, 0])])).shape, [2, 0]);
    await assert.rejects(one(13, 'Tile', x, {}, [int64s('repeats', [2])]), /repeats.*2 numbers/s);
  });

  it('Pad goes on at the other end', async () => {
    const x = iota([3]);
    const pad = async (pads: readonly number[]) =>
      (await one(19, 'Pad', x, { mode: 'wrap' }, [int64s('pads', pads)])).values;
    assert.deepEqual(await pad([2, 1]), [1, 2, 0, 1, 2, 0]);
    assert.deepEqual(await pad([4, 0]), [2, 0, 1, 2, 0, 1, 2]);
    const square = await one(19, 'Pad', iota([2, 2]), { mode: 'wrap' }, [int64s('pads', [1, 0, 0, 1])]);
    assert.deepEqual(square, { shape: [3, 3], values: [2, 3, 2, 0, 1, 0, 2, 3, 2] });
    const cut = await one(19, 'Pad', x, { mode: 'wrap' }, [int64s('pads', [-1, 1])]);
    assert.deepEqual(cut.values, [1, 2, 1]);
  });

  it('Hardmax marks the first largest element, of an axis or of all from it on', async () => {
    const x = tensor([2, 1, 3], [1, 3, 3, 5, 4, 0]);
    assert.deepEqual((await one(13, 'Hardmax', x)).values, [0, 1, 0, 1, 0, 0]);
    assert.deepEqual((await one(13, 'Hardmax', x, { axis: 0 })).values, [0, 0, 1, 1, 1, 0]);
    const whole = await one(11, 'Hardmax', x, { axis: 0 });
    assert.deepEqual(whole, { shape: [2, 1, 3], values: [0, 0, 0, 1, 0, 0] });
  });

  it('EyeLike is known at import', async () => {
    const x = iota([2, 3]);
    assert.deepEqual((await one(9, 'EyeLike', x)).values, [1, 0, 0, 0, 1, 0]);
    assert.deepEqual((await one(9, 'EyeLike', x, { k: 1 })).values, [0, 1, 0, 0, 0, 1]);
    assert.deepEqual((await one(9, 'EyeLike', x, { k: -1, dtype: 6 })).values, [0, 0, 0, 1, 0, 0]);
    assert.deepEqual((await one(9, 'EyeLike', x, { k: -9 })).values, [0, 0, 0, 0, 0, 0]);
    await assert.rejects(one(9, 'EyeLike', iota([2])), /rank 2/);
  });

  it('reductions of powers and logarithms', async () => {
    const x = tensor([2, 2], [3, -4, 0.5, 2]);
    const positive = tensor([2, 2], [1, 2, 3, 4]);
    const cases: [op: string, input: typeof x, expected: number[]][] = [
      ['ReduceL1', x, [7, 2.5]],
      ['ReduceL2', x, [5, Math.sqrt(4.25)]],
      ['ReduceSumSquare', x, [25, 4.25]],
      ['ReduceLogSum', positive, [Math.log(3), Math.log(7)]],
      ['ReduceLogSumExp', positive, [2.3132616875182, 4.3132616875182]],
    ];
    for (const [op, input, expected] of cases) {
      const byAttribute = await one(11, op, input, { axes: [1], keepdims: 0 });
      assert.deepEqual(byAttribute.shape, [2], op);
      assertClose(byAttribute.values, expected, 1e-6, op);
      const byOperand = await one(18, op, input, {}, [int64s('axes', [-1])]);
      assert.deepEqual(byOperand.shape, [2, 1], op);
      assertClose(byOperand.values, expected, 1e-6, op);
      assert.deepEqual((await one(18, op, input)).shape, [1, 1], op);
    }
  });

  it('sums of exponentials neither overflow nor lose what is infinite', async () => {
    const large = await one(13, 'ReduceLogSumExp', tensor([2], [1000, 1000]), { keepdims: 0 });
    assertClose(large.values, [1000 + Math.LN2]);
    const none = tensor([2], [-Infinity, -Infinity]);
    assert.deepEqual((await one(13, 'ReduceLogSumExp', none)).values, [-Infinity]);
    assert.deepEqual((await one(13, 'ReduceLogSumExp', tensor([2], [1, Infinity]))).values, [Infinity]);
    assert.deepEqual((await one(13, 'ReduceLogSumExp', tensor([0], []))).values, [-Infinity]);
  });

  it('integers are reduced exactly, and roots of them cut off; without axes only elements change', async () => {
    const x = tensor([2], [3, -5], 'int32');
    assert.deepEqual((await one(13, 'ReduceSumSquare', x)).values, [34]);
    assert.deepEqual((await one(13, 'ReduceL2', x)).values, [5]);
    const still = { noop_with_empty_axes: 1 };
    assert.deepEqual((await one(18, 'ReduceSumSquare', x, still)).values, [9, 25]);
    assert.deepEqual((await one(18, 'ReduceL1', x, still)).values, [3, 5]);
    const y = tensor([1], [2]);
    assertClose((await one(18, 'ReduceLogSumExp', y, still)).values, [2]);
  });
});
