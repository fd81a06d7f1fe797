import assert from 'node:assert/strict';
import { checkLowering, lowered } from './run-lowered.ts';
import { assertClose, inferred, randomTensor, refuses, tensor, values } from './run-op.ts';

describe('instanceNorm', () => {
  it('types its channels', () => {
    assert.equal(inferred('instanceNorm', '[2,4,5,3] [3] [3]'), 'float32[2,4,5,3]');
    refuses('instanceNorm', '[3] [3] [3]', {}, /input x/);
    refuses('instanceNorm', '[2,4,3] [4] [3]', {}, /input scale.*float32\[3\]/s);
    refuses('instanceNorm', '[2,4,3] [3] -', {}, /input "bias" of instanceNorm is required/);
  });

  it('normalises each channel of each batch element over space', () => {
    // The ONNX example, channels last: channel 0 is −1 0 1, channel 1 is 2 3 4; σ² = 2/3.
    const x = tensor([1, 1, 3, 2], [-1, 2, 0, 3, 1, 4]);
    const scale = tensor([2], [1, 1.5]);
    const bias = tensor([2], [0, 1]);
    const unit = 1 / Math.sqrt(2 / 3 + 1e-5);
    const expected = [-unit, 1 - 1.5 * unit, 0, 1, unit, 1 + 1.5 * unit];
    assertClose(values('instanceNorm', [x, scale, bias]), expected);
    const clipped = expected.map((v) => Math.max(v, 0));
    assertClose(values('instanceNorm', [x, scale, bias], { act: 'relu' }), clipped);
  });

  it('lowers with constant scale and bias', () => {
    const inputs = [randomTensor([2, 3, 4, 5], 1), randomTensor([5], 2), randomTensor([5], 3)];
    const attrs = { epsilon: 0.01, act: 'leakyRelu', alpha: 0.2 };
    assert.deepEqual(checkLowering('instanceNorm', inputs, attrs, [1, 2]), ['f32-instance-norm']);
    assert.equal(lowered('instanceNorm', inputs, attrs, [1]), null);
  });
});
