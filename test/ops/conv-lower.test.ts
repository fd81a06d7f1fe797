import assert from 'node:assert/strict';
import type { Attrs } from '../../compiler/ir/constant.ts';
import type { Tensor } from '../../compiler/ir/tensor.ts';
import { checkLowering, lowered } from './run-lowered.ts';
import { randomTensor, typesOf } from './run-op.ts';

const inputs = (shapes: string): (Tensor | null)[] =>
  typesOf(shapes).map((type, i) => type && randomTensor(type.shape, 1 + i));

const window = (strides: number[], dilations: number[], pads: number[], rest: Attrs = {}): Attrs => ({
  strides,
  dilations,
  pads,
  ...rest,
});

describe('lowering of convolutions', () => {
  it('chooses the kernel and gives it every parameter', () => {
    const one = [1, 1];
    const none = [0, 0, 0, 0];
    const cases: [string, Attrs, string][] = [
      ['[2,7,6,3] [20,3,3,2] [20]', window([2, 1], [1, 2], [1, 0, 2, 1]), 'f32-conv'],
      ['[1,9,4] [3,4,3] - [1,5,3]', window([2], [1], [1, 1], { act: 'relu' }), 'f32-conv'],
      ['[1,4,5,6] [34,3,3,1] [34]', window(one, one, [1, 0, 1, 0], { groups: 2 }), 'f32-conv'],
      ['[1,4,5,3] [6,1,3,3] [6]', window(one, one, none, { groups: 3 }), 'f32-conv'],
      ['[1,1,4,1] [1,1,1,1]', window(one, one, [0, 1, 0, 0]), 'f32-conv'],
      [
        '[1,5,6,18] [18,1,3,2] [18] [1,3,4,18]',
        window([2, 2], one, [1, 1, 1, 1], { groups: 18 }),
        'f32-depthwise',
      ],
      ['[2,8,3] [3,1,3]', window([1], [2], [2, 2], { groups: 3, act: 'clip', beta: 0.5 }), 'f32-depthwise'],
      ['[2,3,4,5] [18,5,1,1] [18] [2,3,4,18]', window(one, [3, 3], none, { act: 'silu' }), 'f32-gemm'],
      ['[2,6,4] [3,4,1]', window([1], [1], [0, 0]), 'f32-gemm'],
      ['[2,3,4,5] [7,5,3,4] [7]', window(one, one, none), 'f32-gemm'],
      ['[2,3,4,5] [7,5,1,1] [7]', window([2, 1], one, none), 'f32-conv'],
    ];
    for (const [shapes, attrs, kernel] of cases)
      assert.deepEqual(checkLowering('conv', inputs(shapes), attrs, [1, 2]), [kernel], shapes);
  });

  it('lowers transposed convolutions', () => {
    const cases: [string, Attrs][] = [
      ['[2,3,4,3] [3,5,3,2] [5]', window([2, 3], [1, 1], [1, 0, 0, 1], { outputPadding: [1, 0] })],
      [
        '[1,3,3,4] [4,17,2,2] - [1,6,6,34]',
        window([2, 2], [1, 1], [0, 0, 0, 0], { groups: 2, outputPadding: [0, 0] }),
      ],
      ['[1,5,2] [2,3,3] [3]', window([1], [2], [1, 2], { outputPadding: [0], act: 'leakyRelu', alpha: 0.1 })],
    ];
    for (const [shapes, attrs] of cases)
      assert.deepEqual(
        checkLowering('convTranspose', inputs(shapes), attrs, [1, 2]),
        ['f32-conv-transpose'],
        shapes,
      );
  });

  it('leaves to the reference what cannot be packed', () => {
    const attrs = window([1, 1], [1, 1], [0, 0, 0, 0]);
    const given = inputs('[1,2,2,2] [2,2,1,1] [2]');
    assert.equal(lowered('conv', given, attrs, []), null);
    assert.equal(lowered('conv', given, attrs, [1]), null);
    const doubles = given.map((input) => input && randomTensor(input.type.shape, 1, 'float64'));
    assert.equal(lowered('conv', doubles, attrs, [1, 2]), null);
    const transposed = { ...attrs, outputPadding: [0, 0] };
    assert.equal(lowered('convTranspose', given, transposed, [2]), null);
    assert.equal(lowered('convTranspose', given, { ...transposed, pads: [-1, 0, 0, 0] }, [1, 2]), null);
  });
});
