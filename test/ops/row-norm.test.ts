import assert from 'node:assert/strict';
import { checkLowering, lowered } from './run-lowered.ts';
import { assertClose, inferred, randomTensor, refuses, tensor, values } from './run-op.ts';
import { checkPermuted } from './run-permuted.ts';

describe('layerNorm and rmsNorm', () => {
  it('type their columns', () => {
    assert.equal(inferred('layerNorm', '[2,4,3] [3] [3]'), 'float32[2,4,3]');
    assert.equal(inferred('rmsNorm', '[3] [3]'), 'float32[3]');
    refuses('layerNorm', '[] [1] [1]', {}, /input x/);
    refuses('layerNorm', '[2,4] [3] [4]', {}, /input scale.*float32\[4\]/s);
    refuses('layerNorm', '[2,4] [4] [3]', {}, /input bias.*float32\[4\]/s);
    refuses('layerNorm', '[2,4] [4]', {}, /input "bias" of layerNorm is required/);
    refuses('rmsNorm', '[2,4] [1]', {}, /input scale.*float32\[4\]/s);
  });

  it('normalise each row', () => {
    // Rows −1 0 1 (σ² = 2/3) and 2 2 5 (μ = 3, σ² = 2).
    const x = tensor([2, 3], [-1, 0, 1, 2, 2, 5]);
    const scale = tensor([3], [1, 2, 3]);
    const bias = tensor([3], [0, 10, 0]);
    const [a, b] = [1 / Math.sqrt(2 / 3 + 0.5), 1 / Math.sqrt(2.5)];
    const expected = [-a, 10, 3 * a, -b, 10 - 2 * b, 6 * b];
    assertClose(values('layerNorm', [x, scale, bias], { epsilon: 0.5 }), expected);
    const [p, q] = [1 / Math.sqrt(2 / 3 + 0.5), 1 / Math.sqrt(11.5)];
    const byRoot = [-p, 0, 3 * p, 2 * q, 4 * q, 15 * q];
    assertClose(values('rmsNorm', [x, scale], { epsilon: 0.5 }), byRoot);
  });

  it('lower with constant parameters', () => {
    const inputs = [randomTensor([2, 3, 7], 1), randomTensor([7], 2), randomTensor([7], 3)];
    assert.deepEqual(checkLowering('layerNorm', inputs, {}, [1, 2]), ['f32-layer-norm']);
    assert.deepEqual(checkLowering('rmsNorm', inputs.slice(0, 2), { epsilon: 0.1 }, [1]), ['f32-layer-norm']);
    assert.equal(lowered('layerNorm', inputs, {}, [1]), null);
  });

  it('move transposes that leave the columns last', () => {
    const inputs = [randomTensor([2, 3, 4, 5], 1), randomTensor([5], 2), randomTensor([5], 3)];
    checkPermuted('layerNorm', inputs, {}, [1, 2, 0, 3]);
    checkPermuted('rmsNorm', inputs.slice(0, 2), {}, [1, 0, 2, 3]);
  });
});
