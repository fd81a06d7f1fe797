import assert from 'node:assert/strict';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import { opOf } from '../../compiler/ops/index.ts';
import { checkLowering } from './run-lowered.ts';
import { inferred, iota, randomTensor, refuses, runOp, values } from './run-op.ts';

const modes = ['DCR', 'CRD'];

describe('depthToSpace and spaceToDepth', () => {
  it('infer shapes', () => {
    assert.equal(inferred('depthToSpace', '[2,3,5,12]', { blockSize: 2 }), 'float32[2,6,10,3]');
    assert.equal(inferred('spaceToDepth', '[2,6,9,4]', { blockSize: 3 }), 'float32[2,2,3,36]');
  });

  it('refuse what does not divide', () => {
    refuses('depthToSpace', '[1,2,2,6]', { blockSize: 2 }, /multiple of 4 channels/);
    refuses('spaceToDepth', '[1,3,2,1]', { blockSize: 2 }, /multiples of 2/);
    for (const op of ['depthToSpace', 'spaceToDepth']) {
      refuses(op, '[2,2,4]', { blockSize: 2 }, /rank 4/);
      refuses(op, '[1,2,2,4]', { blockSize: 0 }, /blockSize/);
      refuses(op, '[1,2,2,4]', { blockSize: 2, mode: 'RGB' }, /mode.*DCR/s);
    }
  });

  it('spread the channels of a pixel over a block', () => {
    // One pixel of 8 channels: in DCR the block index is outermost, in CRD the channel is.
    const pixel = iota([1, 1, 1, 8]);
    assert.deepEqual(values('depthToSpace', [pixel], { blockSize: 2 }), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(
      values('depthToSpace', [pixel], { blockSize: 2, mode: 'CRD' }),
      [0, 4, 1, 5, 2, 6, 3, 7],
    );
    // Two pixels of 4 channels side by side: rows of the image interleave them.
    assert.deepEqual(
      values('depthToSpace', [iota([1, 1, 2, 4])], { blockSize: 2 }),
      [0, 1, 4, 5, 2, 3, 6, 7],
    );
    assert.deepEqual(
      values('spaceToDepth', [iota([1, 2, 4, 1])], { blockSize: 2 }),
      [0, 1, 4, 5, 2, 3, 6, 7],
    );
  });

  it('are inverse to each other, for elements of any size', () => {
    for (const mode of modes)
      for (const dtype of ['float32', 'float16', 'int64', 'uint8'] as const) {
        const x = iota([2, 3, 2, 18], dtype);
        const attrs = { blockSize: 3, mode };
        const back = runOp('spaceToDepth', runOp('depthToSpace', [x], attrs), attrs)[0]!;
        assert.deepEqual(toNumbers(back), toNumbers(x));
      }
  });

  it('lower to one copy', () => {
    for (const mode of modes) {
      const attrs = { blockSize: 2, mode };
      assert.deepEqual(checkLowering('depthToSpace', [randomTensor([2, 3, 5, 12], 1)], attrs), ['copy']);
      assert.deepEqual(checkLowering('spaceToDepth', [randomTensor([2, 6, 4, 3], 1)], attrs), ['copy']);
    }
  });

  it('compute nothing', () => {
    const op = opOf('depthToSpace');
    const type = { dtype: 'float32', shape: [1, 1, 1, 4] } as const;
    assert.deepEqual(op.cost([type], [type], op.attrs), { flops: 0, bytes: 32 });
  });
});
