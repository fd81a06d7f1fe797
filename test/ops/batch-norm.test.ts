import assert from 'node:assert/strict';
import type { TypedConstant } from '../../compiler/ir/constant.ts';
import { bytesOf, type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { opOf } from '../../compiler/ops/index.ts';
import { checkLowering, lowered, materialized } from './run-lowered.ts';
import { assertClose, inferred, iota, randomTensor, refuses, tensor, typeOf, values } from './run-op.ts';
import { checkPermuted, permutations } from './run-permuted.ts';

/** scale, bias, mean, variance of some channels; variances are positive. */
const statistics = (channels: number): Tensor[] =>
  [1, 2, 3, 4].map((seed) => {
    const all = toNumbers(randomTensor([channels], seed));
    return tensor([channels], seed === 4 ? all.map((v) => v * v + 0.1) : all);
  });

describe('batchNorm', () => {
  it('types its channels', () => {
    assert.equal(inferred('batchNorm', '[2,4,3] [3] [3] [3] [3]'), 'float32[2,4,3]');
    assert.equal(inferred('batchNorm', '[2,4,3] [4] [4] [4] [4]', { axis: 1 }), 'float32[2,4,3]');
    refuses('batchNorm', '[2,4,3] [3] [3] [4] [3]', {}, /input mean.*float32\[3\]/s);
    refuses('batchNorm', '[2,4,3] [3] [3] [3] -', {}, /input "variance" of batchNorm is required/);
    refuses('batchNorm', '[2,4,3] [3] [3] [3] [3]', { axis: 3 }, /axis.*from -3 to 2/s);
  });

  it('normalises', () => {
    const x = tensor([1, 2, 2], [1, 2, 3, 4]);
    const inputs = [x, tensor([2], [2, 1]), tensor([2], [0, 5]), tensor([2], [1, 0]), tensor([2], [3, 0])];
    // channel 0: (x − 1)/√4·2, channel 1: x/√1 + 5
    assertClose(values('batchNorm', inputs, { epsilon: 1 }), [0, 7, 2, 9]);
    assertClose(values('batchNorm', inputs, { epsilon: 1, axis: 1 }), [0, 1, 8, 9]);
    assertClose(values('batchNorm', inputs, { epsilon: 1, act: 'clip', alpha: 1, beta: 8 }), [1, 7, 2, 8]);
  });

  it('is x·scale + shift with recipes of its constants', () => {
    const op = opOf('batchNorm');
    const inputs = [iota([2, 3]), ...statistics(3)];
    const constants = inputs.map((input, i): TypedConstant | null =>
      i === 0 ? null : { type: input.type, constant: { kind: 'inline', bytes: bytesOf(input) } },
    );
    const types = inputs.map(typeOf);
    const found = op.traits.affine!.coefficients(constants, types, op.attrs)!;
    assert.equal(found.axis, 1);
    const [scale, shift] = [materialized(found.scale), materialized(found.shift)].map(toNumbers);
    const expected = values('batchNorm', inputs);
    assertClose(
      Array.from({ length: 6 }, (_, i) => i * scale![i % 3]! + shift![i % 3]!),
      expected,
      1e-5,
    );
    const relu = { ...op.attrs, act: 'relu' };
    assert.equal(op.traits.affine!.coefficients(constants, types, relu), null);
    assert.equal(op.traits.affine!.coefficients([null, null, ...constants.slice(2)], types, op.attrs), null);
  });

  it('lowers to one multiply-add, or two calls where channels are not last', () => {
    const all = [1, 2, 3, 4];
    const x = randomTensor([2, 3, 4, 5], 9);
    assert.deepEqual(checkLowering('batchNorm', [x, ...statistics(5)], {}, all), ['f32-affine']);
    assert.deepEqual(checkLowering('batchNorm', [x, ...statistics(3)], { axis: 1 }, all), [
      'f32-binary',
      'f32-binary',
    ]);
    assert.equal(lowered('batchNorm', [x, ...statistics(5)], {}, [1, 2, 3]), null);
    const act = { act: 'clip', alpha: -0.5, beta: 0.5 };
    checkLowering('batchNorm', [x, ...statistics(5)], act, all);
    checkLowering('batchNorm', [x, ...statistics(3)], { ...act, axis: 1 }, all);
  });

  it('moves past a transpose', () => {
    const x = randomTensor([2, 3, 4, 5], 9);
    for (const perm of permutations(4)) checkPermuted('batchNorm', [x, ...statistics(3)], { axis: 1 }, perm);
  });
});
