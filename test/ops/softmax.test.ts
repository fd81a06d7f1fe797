import assert from 'node:assert/strict';
import { checkLowering, lowered } from './run-lowered.ts';
import { assertClose, inferred, randomTensor, refuses, tensor, values } from './run-op.ts';
import { checkPermuted, permutations } from './run-permuted.ts';

describe('softmax and logSoftmax', () => {
  it('keep the type', () => {
    for (const op of ['softmax', 'logSoftmax']) {
      assert.equal(inferred(op, '[2,3,4]', { axis: 1 }), 'float32[2,3,4]');
      refuses(op, '[2,3]', { axis: 2 }, /axis.*from -2 to 1/s);
      refuses(op, '[2,3]', {}, /floating/, 'int32');
    }
  });

  it('divide exponentials by their sum', () => {
    // The ONNX example, and rows far from zero that would overflow.
    const x = tensor([1, 3], [-1, 0, 1]);
    assertClose(values('softmax', [x]), [0.09003058, 0.24472848, 0.66524094], 1e-7);
    assertClose(values('logSoftmax', [x]), [-2.4076061, -1.407606, -0.40760604], 1e-6);
    const large = tensor([2, 2], [10000, 10000 + Math.log(3), 0, 0]);
    assertClose(values('softmax', [large]), [0.25, 0.75, 0.5, 0.5], 1e-3);
    assertClose(values('logSoftmax', [large]).slice(2), [-Math.LN2, -Math.LN2]);
  });

  it('run along any axis', () => {
    const x = tensor([2, 2], [0, Math.log(4), Math.log(3), 0]);
    assertClose(values('softmax', [x], { axis: 0 }), [0.25, 0.8, 0.75, 0.2]);
    assertClose(values('softmax', [x], { axis: -2 }), [0.25, 0.8, 0.75, 0.2]);
    assertClose(values('softmax', [x], { axis: 1 }), [0.2, 0.8, 0.75, 0.25]);
  });

  it('lower along any axis', () => {
    const x = randomTensor([2, 3, 4, 5], 1);
    for (const op of ['softmax', 'logSoftmax'])
      for (const axis of [0, 1, 2, 3, -1])
        assert.deepEqual(checkLowering(op, [x], { axis }), ['f32-softmax']);
    assert.equal(lowered('softmax', [randomTensor([4], 1, 'float64')], {}, []), null);
  });

  it('move past a transpose', () => {
    const x = randomTensor([2, 3, 4], 1);
    for (const perm of permutations(3))
      for (const axis of [0, 1, -1])
        for (const op of ['softmax', 'logSoftmax']) checkPermuted(op, [x], { axis }, perm);
  });
});
