import assert from 'node:assert/strict';
import type { Attrs } from '../../compiler/ir/constant.ts';
import type { Tensor } from '../../compiler/ir/tensor.ts';
import { opOf } from '../../compiler/ops/index.ts';
import { checkLowering, lowered } from './run-lowered.ts';
import { inferred, randomTensor, refuses, tensor, typesOf, values } from './run-op.ts';

const random = (shapes: string): (Tensor | null)[] =>
  typesOf(shapes).map((type, i) => type && randomTensor(type.shape, 7 + i));

describe('matmul', () => {
  it('infers broadcast batches', () => {
    const cases: [string, Attrs, string][] = [
      ['[2,3] [3,4]', {}, 'float32[2,4]'],
      ['[3,2] [4,3] [4]', { transA: true, transB: true }, 'float32[2,4]'],
      ['[5,1,2,3] [7,3,4]', {}, 'float32[5,7,2,4]'],
      ['[2,3] [6,3,4] [4] [6,2,4]', {}, 'float32[6,2,4]'],
    ];
    for (const [shapes, attrs, expected] of cases) assert.equal(inferred('matmul', shapes, attrs), expected);
  });

  it('refuses what does not multiply', () => {
    refuses('matmul', '[3] [3,4]', {}, /input a.*rank 2/s);
    refuses('matmul', '[2,3] [4,5]', {}, /3 rows/);
    refuses('matmul', '[2,3] [3,4]', { transA: true }, /float32\[2,3\] transposed/);
    refuses('matmul', '[2,2,3] [3,3,4]', {}, /broadcast/);
    refuses('matmul', '[2,3] [3,4] [2]', {}, /bias.*float32\[4\]/s);
    refuses('matmul', '[2,3] [3,4] - [2,3]', {}, /residual.*float32\[2,4\]/s);
    refuses('matmul', '[2,3] [3,4]', { act: 'cube' }, /act/);
  });

  it('multiplies', () => {
    const a = tensor([2, 3], [1, 2, 3, 4, 5, 6]);
    const b = tensor([3, 2], [7, 8, 9, 10, 11, 12]);
    assert.deepEqual(values('matmul', [a, b]), [58, 64, 139, 154]);
    assert.deepEqual(values('matmul', [b, a], { transA: true, transB: true }), [58, 139, 64, 154]);
    assert.deepEqual(values('matmul', [a, b, tensor([2], [-58, 1])], { act: 'relu' }), [0, 65, 81, 155]);
    const residual = tensor([2, 2], [1, 1, 1, 1]);
    assert.deepEqual(values('matmul', [a, b, null, residual]), [59, 65, 140, 155]);
  });

  it('repeats the smaller batch', () => {
    const a = tensor([2, 1, 1, 2], [1, 2, 3, 4]);
    const b = tensor([2, 2, 1], [1, 10, 100, 1000]);
    assert.deepEqual(values('matmul', [a, b]), [21, 2100, 43, 4300]);
  });

  it('multiplies integers, for shape arithmetic', () => {
    const a = tensor([1, 2], [3, -4], 'int64');
    assert.deepEqual(values('matmul', [a, a], { transB: true }), [25]);
  });

  it('lowers a constant right side to one product over panels', () => {
    const cases: [string, Attrs][] = [
      ['[4,5] [5,18] [18]', { act: 'relu' }],
      ['[2,3,5] [5,7] - [2,3,7]', {}],
      ['[2,3,5] [7,5] [7] [2,3,7]', { transB: true, act: 'gelu' }],
      ['[2,3,5] [1,5,7]', {}],
      ['[2,5,1] [5,7]', { transA: true }],
      ['[1,5] [1,7] [7]', { transA: true }],
    ];
    for (const [shapes, attrs] of cases)
      assert.deepEqual(checkLowering('matmul', random(shapes), attrs, [1, 2]), ['f32-gemm'], shapes);
  });

  it('lowers the rest to a strided product, and its epilogue to calls', () => {
    const cases: [string, Attrs, string][] = [
      ['[4,5] [5,6]', {}, 'f32-matmul'],
      ['[5,4] [6,5]', { transA: true, transB: true }, 'f32-matmul'],
      ['[2,3,4,5] [2,3,6,5]', { transB: true }, 'f32-matmul'],
      ['[2,3,4,5] [3,5,6]', {}, 'f32-matmul'],
      ['[2,1,4,5] [3,5,6]', {}, 'f32-matmul'],
      ['[4,5] [2,3,5,6]', {}, 'f32-matmul'],
      ['[2,3,4,5] [5,6]', {}, 'f32-matmul'],
      ['[2,3,5,4] [5,6]', { transA: true }, 'f32-matmul'],
      ['[2,4,5] [2,5,6] [6]', {}, 'f32-matmul f32-binary'],
      ['[2,4,5] [2,5,6] [6]', { act: 'relu' }, 'f32-matmul f32-binary'],
      ['[2,4,5] [2,5,6] [6] [2,4,6]', { act: 'relu' }, 'f32-matmul f32-binary f32-binary'],
      ['[2,4,5] [2,5,6] - [2,4,6]', { act: 'silu' }, 'f32-matmul f32-binary'],
      ['[2,4,5] [2,5,6]', { act: 'elu', alpha: 2 }, 'f32-matmul f32-unary'],
    ];
    for (const [shapes, attrs, kernels] of cases)
      assert.equal(checkLowering('matmul', random(shapes), attrs).join(' '), kernels, shapes);
    assert.deepEqual(checkLowering('matmul', random('[4,5] [5,6]'), {}, [0]), ['f32-matmul']);
    assert.deepEqual(checkLowering('matmul', random('[5,4] [5,6]'), { transA: true }, [1]), ['f32-matmul']);
    assert.deepEqual(checkLowering('matmul', random('[2,4,5] [2,5,6]'), {}, [1]), ['f32-matmul']);
    const computed = random('[4,5] [5,6] [6]');
    assert.deepEqual(checkLowering('matmul', computed, {}, [1]), ['f32-matmul', 'f32-binary']);
  });

  it('leaves four unmergeable batch dimensions to the reference', () => {
    assert.equal(lowered('matmul', random('[2,1,2,1,3,4] [3,1,2,4,5]'), {}, []), null);
    assert.equal(lowered('matmul', random('[0,3] [3,4]'), {}, [1]), null);
  });

  it('counts multiply-adds twice', () => {
    const op = opOf('matmul');
    const types = typesOf('[2,3] [3,4]');
    const { flops, bytes } = op.cost(types, op.infer(types, op.attrs), op.attrs);
    assert.deepEqual([flops, bytes], [48, 4 * (6 + 12 + 8)]);
  });
});
