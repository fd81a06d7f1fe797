import assert from 'node:assert/strict';
import type { Attrs } from '../../compiler/ir/constant.ts';
import { opOf } from '../../compiler/ops/index.ts';
import { checkLowering } from './run-lowered.ts';
import { assertClose, inferred, randomTensor, refuses, tensor, typesOf, values } from './run-op.ts';

const window = (kernel: number[], strides: number[], pads: number[], rest: Attrs = {}): Attrs => ({
  kernel,
  strides,
  dilations: kernel.map(() => 1),
  pads,
  ...rest,
});
const x = tensor(
  [1, 5, 5, 1],
  Array.from({ length: 25 }, (_, i) => i + 1),
);

describe('averagePool', () => {
  it('infers as maxPool does, for floating point numbers', () => {
    assert.equal(
      inferred('averagePool', '[1,4,4,1]', window([3, 3], [2, 2], [0, 0, 0, 0])),
      'float32[1,1,1,1]',
    );
    refuses('averagePool', '[1,4,4,1]', window([3, 3], [2, 2], [0, 0, 0, 0]), /floating/, 'int8');
  });

  it('averages what lies inside the image', () => {
    // First rows of the ONNX cases averagepool_2d_precomputed_pads and …_strides.
    const pads = window([5, 5], [1, 1], [2, 2, 2, 2]);
    assertClose(values('averagePool', [x], pads).slice(0, 5), [7, 7.5, 8, 8.5, 9]);
    assertClose(values('averagePool', [x], window([2, 2], [2, 2], [0, 0, 0, 0])), [4, 6, 14, 16]);
  });

  it('counts padding as zeros with countIncludePad', () => {
    const attrs = window([5, 5], [1, 1], [2, 2, 2, 2], { countIncludePad: true });
    assertClose(values('averagePool', [x], attrs).slice(0, 3), [63 / 25, 90 / 25, 120 / 25]);
  });

  it('does not count taps past the padding', () => {
    // Windows of 3 every 2 over 1 2 3 4 and a pad at each end: [0 1 2] [2 3 4] [4 0 –].
    const line = tensor([1, 4, 1], [1, 2, 3, 4]);
    const ceil = window([3], [2], [1, 1], { ceilMode: true });
    assertClose(values('averagePool', [line], ceil), [1.5, 3, 4]);
    assertClose(values('averagePool', [line], { ...ceil, countIncludePad: true }), [1, 3, 2]);
  });

  it('lowers both ways of counting', () => {
    const image = randomTensor([2, 7, 6, 3], 3);
    for (const countIncludePad of [false, true])
      for (const dilations of [
        [1, 1],
        [2, 1],
      ]) {
        const attrs = {
          ...window([3, 2], [2, 3], [1, 0, 2, 1], { ceilMode: true }),
          countIncludePad,
          dilations,
        };
        assert.deepEqual(checkLowering('averagePool', [image], attrs), ['f32-pool']);
      }
  });

  it('costs one operation per tap', () => {
    const op = opOf('averagePool');
    const types = typesOf('[1,4,4,2]');
    const attrs = { ...op.attrs, ...window([2, 2], [2, 2], [0, 0, 0, 0]) };
    assert.deepEqual(op.cost(types, op.infer(types, attrs), attrs), { flops: 32, bytes: 4 * (32 + 8) });
  });
});
