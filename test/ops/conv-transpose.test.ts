import assert from 'node:assert/strict';
import type { Attrs } from '../../compiler/ir/constant.ts';
import { opOf } from '../../compiler/ops/index.ts';
import { inferred, iota, refuses, tensor, typesOf, values } from './run-op.ts';

const window = (strides: number[], pads: number[], outputPadding = strides.map(() => 0)): Attrs => ({
  strides,
  dilations: strides.map(() => 1),
  pads,
  outputPadding,
});
const ones = (shape: number[]) =>
  tensor(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 1),
  );

describe('convTranspose', () => {
  it('infers extents: stride·(n − 1) + reach + outputPadding − pads', () => {
    const cases: [string, Attrs, string][] = [
      ['[1,3,3,1] [1,2,3,3]', window([3, 2], [0, 0, 0, 0], [1, 1]), 'float32[1,10,8,2]'],
      ['[1,3,3,1] [1,2,3,3]', window([3, 2], [1, 2, 1, 2]), 'float32[1,7,3,2]'],
      ['[1,4,6] [6,5,2]', { ...window([2], [0, 0]), groups: 3 }, 'float32[1,8,15]'],
      ['[1,3,3,1] [1,1,2,2]', { ...window([1, 1], [0, 0, 0, 0]), dilations: [2, 2] }, 'float32[1,5,5,1]'],
      ['[1,2,1] [1,1,1]', window([1], [0, -3]), 'float32[1,5,1]'],
    ];
    for (const [shapes, attrs, expected] of cases)
      assert.equal(inferred('convTranspose', shapes, attrs), expected);
  });

  it('refuses what is not a transposed convolution', () => {
    const one = window([1, 1], [0, 0, 0, 0]);
    refuses('convTranspose', '[1,4,4,3] [4,8,1,1]', one, /3 input channels first/);
    refuses('convTranspose', '[1,4,4,3] [3,8,1]', one, /rank 4/);
    refuses('convTranspose', '[1,4,4,3] [3,8,1,1]', { ...one, groups: 2 }, /groups/);
    refuses(
      'convTranspose',
      '[1,4,4,3] [3,8,1,1]',
      { ...one, outputPadding: [0] },
      /outputPadding.*2 integers/s,
    );
    refuses('convTranspose', '[1,4,4,3] [3,8,1,1]', { ...one, pads: [2, 0, 2, 0] }, /less than 4.*axis 0/s);
    refuses('convTranspose', '[1,4,4,3] [3,8,1,1] [3]', one, /bias.*float32\[8\]/s);
  });

  it('spreads each pixel over its window, as the ONNX example does', () => {
    const x = iota([1, 3, 3, 1]);
    const y = values('convTranspose', [x, ones([1, 1, 3, 3])], window([1, 1], [0, 0, 0, 0]));
    assert.deepEqual(
      y,
      [0, 1, 3, 3, 2, 3, 8, 15, 12, 7, 9, 21, 36, 27, 15, 9, 20, 33, 24, 13, 6, 13, 21, 15, 8],
    );
    const one = values('convTranspose', [iota([1, 3, 1]), ones([1, 1, 3])], window([1], [0, 0]));
    assert.deepEqual(one, [0, 1, 3, 3, 2]);
  });

  it('leaves gaps between strides, cuts pads and adds outputPadding at the end', () => {
    const x = tensor([1, 2, 1], [1, 2]);
    const w = tensor([1, 1, 2], [3, 5]);
    assert.deepEqual(values('convTranspose', [x, w], window([3], [0, 0])), [3, 5, 0, 6, 10]);
    assert.deepEqual(values('convTranspose', [x, w], window([3], [1, 0], [1])), [5, 0, 6, 10, 0]);
    assert.deepEqual(values('convTranspose', [x, w, tensor([1], [1])], window([3], [0, 2])), [4, 6, 1]);
  });

  it('keeps channels and groups apart', () => {
    // w [C = 2, O/g = 2, k = 1]: y_n = Σ_c x_c·w[c][n].
    const x = tensor([1, 1, 2], [1, 10]);
    const w = tensor([2, 2, 1], [1, 2, 3, 4]);
    assert.deepEqual(values('convTranspose', [x, w], window([1], [0, 0])), [31, 42]);
    assert.deepEqual(values('convTranspose', [x, w], { ...window([1], [0, 0]), groups: 2 }), [1, 2, 30, 40]);
  });

  it('adds the residual and applies the function', () => {
    const inputs = [tensor([1, 1, 1], [2]), tensor([1, 1, 1], [3]), null, tensor([1, 1, 1], [-7])];
    assert.deepEqual(values('convTranspose', inputs, window([1], [0, 0])), [-1]);
    assert.deepEqual(values('convTranspose', inputs, { ...window([1], [0, 0]), act: 'relu' }), [0]);
  });

  it('costs a multiply-add per input element and tap', () => {
    const op = opOf('convTranspose');
    const types = typesOf('[1,3,3,2] [2,4,2,2]');
    const attrs = { ...op.attrs, ...window([2, 2], [0, 0, 0, 0]) };
    const { flops, bytes } = op.cost(types, op.infer(types, attrs), attrs);
    assert.deepEqual([flops, bytes], [2 * 18 * 16, 4 * (18 + 144)]);
  });
});
