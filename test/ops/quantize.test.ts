import assert from 'node:assert/strict';
import { inferred, refuses, runOp, tensor, typeOf, values } from './run-op.ts';

const one = (value: number) => tensor([], [value]);

describe('quantize', () => {
  it('rounds ties to even and keeps within the type', () => {
    const x = tensor([7], [-1, 0.25, 0.75, 1.25, 1000, -1000, 63.4]);
    assert.deepEqual(values('quantize', [x, one(0.5)], { to: 'int8' }), [-2, 0, 2, 2, 127, -128, 127]);
    assert.deepEqual(
      values('quantize', [x, one(0.5), one(10)], { to: 'uint8' }),
      [8, 10, 12, 12, 255, 0, 137],
    );
    assert.deepEqual(
      values('quantize', [tensor([3], [1e9, -1e9, 4.5]), one(1)], { to: 'uint16' }),
      [65535, 0, 4],
    );
    assert.deepEqual(values('quantize', [tensor([1], [-40000]), one(1)], { to: 'int16' }), [-32768]);
  });

  it('has a scale and a zero for each channel', () => {
    const x = tensor([2, 2], [1, 1, 2, 2]);
    const [scale, zero] = [tensor([2], [1, 0.5]), tensor([2], [0, 5])];
    assert.deepEqual(values('quantize', [x, scale, zero], { to: 'int8' }), [1, 7, 2, 9]);
    assert.deepEqual(values('dequantize', [tensor([2, 2], [1, 7, 2, 9], 'int8'), scale, zero]), [1, 1, 2, 2]);
  });

  it('is undone from any integer', () => {
    for (const dtype of ['int8', 'uint8', 'int16', 'uint16', 'int32'] as const) {
      const [y] = runOp('dequantize', [tensor([2], [7, 100], dtype), one(0.5), one(3)]);
      assert.deepEqual(typeOf(y!), { dtype: 'float32', shape: [2] });
      assert.deepEqual([...y!.data], [2, 48.5]);
    }
  });

  it('refuses other types and shapes', () => {
    assert.equal(inferred('quantize', '[2,3] [3]', { to: 'int8' }), 'int8[2,3]');
    refuses('quantize', '[2] []', { to: 'int64' }, /quantize.*int8.*int64/s);
    refuses('quantize', '[2] [3]', { to: 'int8' }, /broadcast/);
    refuses('quantize', '[2] [2,2]', { to: 'int8' }, /scale.*broadcasts to float32\[2\]/s);
    refuses('quantize', '[2] []', { to: 'int8' }, /input x.*float32/s, 'float64');
  });
});
