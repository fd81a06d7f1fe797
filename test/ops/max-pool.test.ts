import assert from 'node:assert/strict';
import type { Attrs } from '../../compiler/ir/constant.ts';
import { checkLowering, lowered } from './run-lowered.ts';
import { inferred, iota, randomTensor, refuses, tensor, values } from './run-op.ts';

const window = (kernel: number[], strides: number[], pads: number[], rest: Attrs = {}): Attrs => ({
  kernel,
  strides,
  dilations: kernel.map(() => 1),
  pads,
  ...rest,
});

describe('maxPool', () => {
  it('infers extents, and with ceilMode only windows that begin before the end padding', () => {
    const ceil = { ceilMode: true };
    const cases: [string, Attrs, string][] = [
      ['[1,112,112,64]', window([3, 3], [2, 2], [1, 1, 1, 1]), 'float32[1,56,56,64]'],
      ['[1,4,4,1]', window([3, 3], [2, 2], [0, 0, 0, 0]), 'float32[1,1,1,1]'],
      ['[1,4,4,1]', window([3, 3], [2, 2], [0, 0, 0, 0], ceil), 'float32[1,2,2,1]'],
      // (2 + 1 − 1)/2 rounded up and one more is 2, but the second window would begin at the end of the image.
      ['[1,2,2,1]', window([1, 1], [2, 2], [0, 0, 0, 0], ceil), 'float32[1,1,1,1]'],
      ['[1,6,6,1]', window([2, 2], [3, 3], [1, 1, 1, 1], ceil), 'float32[1,3,3,1]'],
      ['[1,5,5,1]', window([2, 2], [3, 3], [1, 1, 1, 1], ceil), 'float32[1,2,2,1]'],
      ['[2,9,3]', window([3], [3], [0, 0]), 'float32[2,3,3]'],
      ['[2,9,3]', { ...window([3], [1], [0, 0]), dilations: [4] }, 'float32[2,1,3]'],
    ];
    for (const [shapes, attrs, expected] of cases)
      assert.equal(inferred('maxPool', shapes, attrs), expected, JSON.stringify(attrs));
  });

  it('refuses what is not a pool', () => {
    refuses('maxPool', '[4,4]', window([2, 2], [1, 1], [0, 0, 0, 0]), /input x/);
    refuses('maxPool', '[1,4,4,1]', window([2], [1], [0, 0]), /kernel.*2 positive/s);
    refuses('maxPool', '[1,4,4,1]', window([0, 2], [1, 1], [0, 0, 0, 0]), /kernel/);
    refuses('maxPool', '[1,4,4,1]', window([2, 2], [1, 1], [0, 2, 0, 0]), /between 0 and 1.*axis 1/s);
    refuses('maxPool', '[1,4,4,1]', window([2, 6], [1, 1], [0, 0, 0, 0]), /at most 4/);
  });

  it('takes the largest of each window', () => {
    const x = tensor(
      [1, 5, 5, 1],
      Array.from({ length: 25 }, (_, i) => i + 1),
    );
    // The ONNX cases maxpool_2d_precomputed_pads (first row), …_strides and …_ceil.
    const pads = values('maxPool', [x], window([5, 5], [1, 1], [2, 2, 2, 2]));
    assert.deepEqual(pads.slice(0, 5), [13, 14, 15, 15, 15]);
    assert.deepEqual(values('maxPool', [x], window([2, 2], [2, 2], [0, 0, 0, 0])), [7, 9, 17, 19]);
    const y = values(
      'maxPool',
      [iota([1, 4, 4, 1])],
      window([3, 3], [2, 2], [0, 0, 0, 0], { ceilMode: true }),
    );
    assert.deepEqual(y, [10, 11, 14, 15]);
    const dilated = { ...window([2, 2], [1, 1], [0, 0, 0, 0]), dilations: [2, 2] };
    assert.deepEqual(values('maxPool', [iota([1, 4, 4, 1])], dilated), [10, 11, 14, 15]);
  });

  it('ignores padding, even where everything is below zero, and keeps channels apart', () => {
    const x = tensor([1, 2, 2], [-1, -20, -3, -4]);
    assert.deepEqual(values('maxPool', [x], window([3], [1], [1, 1])), [-1, -4, -1, -4]);
    const bytes = tensor([1, 2, 1], [250, 3], 'uint8');
    assert.deepEqual(values('maxPool', [bytes], window([2], [1], [0, 0])), [250]);
  });

  it('lowers', () => {
    const x = randomTensor([2, 7, 6, 3], 3);
    const attrs = window([3, 2], [2, 3], [1, 0, 2, 1], { ceilMode: true });
    assert.deepEqual(checkLowering('maxPool', [x], attrs), ['f32-pool']);
    assert.deepEqual(checkLowering('maxPool', [randomTensor([2, 9, 4], 1)], window([3], [2], [1, 1])), [
      'f32-pool',
    ]);
    assert.equal(
      lowered('maxPool', [randomTensor([2, 9, 4], 1, 'int8')], window([3], [2], [1, 1]), []),
      null,
    );
  });
});
