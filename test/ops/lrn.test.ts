import assert from 'node:assert/strict';
import { checkLowering } from './run-lowered.ts';
import { assertClose, inferred, randomTensor, refuses, tensor, values } from './run-op.ts';

describe('lrn', () => {
  it('keeps the type', () => {
    assert.equal(inferred('lrn', '[1,2,2,8]', { size: 5 }), 'float32[1,2,2,8]');
    refuses('lrn', '[1,2,2,8]', { size: 0 }, /size.*positive/s);
    refuses('lrn', '[]', { size: 1 }, /input x/);
  });

  it('divides by the power of neighbouring channels', () => {
    const x = tensor([1, 2, 3], [1, 2, 3, 4, 5, 6]);
    const odd = { size: 3, alpha: 3, beta: 1, bias: 1 };
    assertClose(values('lrn', [x], odd), [1 / 6, 2 / 15, 3 / 14, 4 / 42, 5 / 78, 6 / 62]);
    // An even size reaches one channel further forward than back: size 2 is c and c + 1.
    const even = { size: 2, alpha: 2, beta: 0.5, bias: 0 };
    assertClose(values('lrn', [x], even).slice(0, 3), [1 / Math.sqrt(5), 2 / Math.sqrt(13), 1]);
  });

  it('lowers', () => {
    const x = randomTensor([2, 3, 3, 7], 2);
    for (const size of [1, 2, 5, 9])
      assert.deepEqual(checkLowering('lrn', [x], { size, alpha: 0.5, beta: 0.6, bias: 2 }), ['f32-lrn']);
  });
});
