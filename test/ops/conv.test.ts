import assert from 'node:assert/strict';
import type { Attrs } from '../../compiler/ir/constant.ts';
import { numberToFloat16, toNumbers } from '../../compiler/ir/tensor.ts';
import { opOf } from '../../compiler/ops/index.ts';
import { assertClose, inferred, iota, refuses, runOp, tensor, typesOf, values } from './run-op.ts';

const window = (strides: number[], pads: number[], dilations = strides.map(() => 1)): Attrs => ({
  strides,
  dilations,
  pads,
});

describe('conv', () => {
  it('infers extents', () => {
    const cases: [string, Attrs, string][] = [
      ['[1,224,224,3] [64,3,7,7]', window([2, 2], [3, 3, 3, 3]), 'float32[1,112,112,64]'],
      ['[2,9,8,4] [6,2,3,3]', { ...window([2, 2], [1, 0, 0, 1]), groups: 2 }, 'float32[2,4,4,6]'],
      ['[1,10,3] [5,3,3] [5]', window([1], [0, 0], [3]), 'float32[1,4,5]'],
      ['[1,5,5,8] [8,1,3,3] - [1,5,5,8]', { ...window([1, 1], [1, 1, 1, 1]), groups: 8 }, 'float32[1,5,5,8]'],
    ];
    for (const [shapes, attrs, expected] of cases) assert.equal(inferred('conv', shapes, attrs), expected);
  });

  it('refuses what is not a convolution', () => {
    const one = window([1, 1], [0, 0, 0, 0]);
    refuses('conv', '[1,4,4,3] -', one, /input "w" of conv is required/);
    refuses('conv', '[4,4] [1,1,1,1]', one, /input x.*channels/s);
    refuses('conv', '[1,4,4,3] [8,4,1,1]', one, /3 input channels per group/);
    refuses('conv', '[1,4,4,3] [8,3,1]', one, /input w.*rank 4/s);
    refuses('conv', '[1,4,4,3] [8,3,1,1]', { ...one, groups: 2 }, /groups.*divisor of 3/s);
    refuses('conv', '[1,4,4,3] [8,3,5,1]', one, /at most 4.*axis 0.*got: 5/s);
    refuses('conv', '[1,4,4,3] [8,3,1,1] [7]', one, /input bias.*float32\[8\]/s);
    refuses('conv', '[1,4,4,3] [8,3,1,1] - [1,4,4,1]', one, /input residual/);
    refuses('conv', '[1,4,4,3] [8,3,1,1]', { ...one, strides: [1] }, /strides.*2 positive/s);
    refuses('conv', '[1,4,4,3] [8,3,1,1]', { ...one, pads: [0, 0] }, /pads.*4 integers/s);
    refuses('conv', '[1,4,4,3] [8,3,1,1]', { ...one, pads: [0, -1, 0, 0] }, /below zero/);
    refuses('conv', '[1,4,4,3] [8,3,1,1]', { ...one, act: 'square' }, /act.*relu/s);
    refuses('conv', '[1,4,4,3] [8,3,1,1]', one, /floating/, 'int32');
  });

  it('adds the taps of a 3×3 box, as the ONNX example does', () => {
    const box = tensor([1, 1, 3, 3], new Array(9).fill(1));
    const x = iota([1, 5, 5, 1]);
    assert.deepEqual(
      values('conv', [x, box], window([1, 1], [0, 0, 0, 0])),
      [54, 63, 72, 99, 108, 117, 144, 153, 162],
    );
    assert.deepEqual(
      values('conv', [x, box], window([1, 1], [1, 1, 1, 1])).slice(0, 10),
      [12, 21, 27, 33, 24, 33, 54, 63, 72, 51],
    );
    assert.deepEqual(
      values('conv', [x, box], window([2, 2], [1, 1, 1, 1])),
      [12, 27, 24, 63, 108, 81, 72, 117, 84],
    );
    // Asymmetric: a row of padding above only.
    assert.deepEqual(values('conv', [x, box], window([2, 2], [1, 0, 0, 0])), [21, 33, 99, 117]);
  });

  it('keeps channels, groups and spatial axes apart', () => {
    // w[o][c][kw] over x [1, 3, 2]: o0 = x0[t] + 10·x1[t+1], o1 = 100·x0[t+1].
    const x = tensor([1, 3, 2], [1, 2, 3, 4, 5, 6]);
    const w = tensor([2, 2, 2], [1, 0, 0, 10, 0, 100, 0, 0]);
    assert.deepEqual(values('conv', [x, w], window([1], [0, 0])), [41, 300, 63, 500]);
    // Two groups of one: each output channel sees its own input channel.
    const g = tensor([2, 1, 2], [1, 10, 100, 1000]);
    assert.deepEqual(values('conv', [x, g], { ...window([1], [0, 0]), groups: 2 }), [31, 4200, 53, 6400]);
    // Dilation 2: taps 0 and 2.
    assert.deepEqual(values('conv', [x, g], { ...window([1], [0, 0], [2]), groups: 2 }), [51, 6200]);
  });

  it('applies bias, residual and function in this order', () => {
    const x = tensor([1, 2, 1], [1, -1]);
    const w = tensor([1, 1, 1], [2]);
    const [y] = runOp('conv', [x, w, tensor([1], [-1]), tensor([1, 2, 1], [0.5, 4])], {
      ...window([1], [0, 0]),
      act: 'clip',
      alpha: 0,
      beta: 1.25,
    });
    assertClose(toNumbers(y!), [1.25, 1]);
  });

  it('computes in the dtype of its inputs', () => {
    const x = tensor([1, 2, 1], [1, 2], 'float16');
    const y = runOp('conv', [x, tensor([1, 1, 1], [0.1], 'float16')], window([1], [0, 0]))[0]!;
    assert.equal(y.data[0], numberToFloat16(0.1));
  });

  it('counts multiply-adds twice and activations once', () => {
    const conv = opOf('conv');
    const types = typesOf('[1,4,4,2] [8,2,3,3]');
    const attrs = { ...conv.attrs, ...window([1, 1], [1, 1, 1, 1]) };
    const outputs = conv.infer(types, attrs);
    assert.deepEqual(conv.cost(types, outputs, attrs), {
      flops: 2 * 128 * 18,
      bytes: 4 * (32 + 128),
    });
  });
});
