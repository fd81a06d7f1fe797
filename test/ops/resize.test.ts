import assert from 'node:assert/strict';
import type { Attrs } from '../../compiler/ir/constant.ts';
import { checkLowering, lowered } from './run-lowered.ts';
import { assertClose, inferred, iota, randomTensor, refuses, tensor, values } from './run-op.ts';
import { checkPermuted, permutations } from './run-permuted.ts';

/** Attributes that bring one shape to another. */
const to = (from: readonly number[], shape: readonly number[], rest: Attrs = {}): Attrs => ({
  shape,
  scales: shape.map((dim, axis) => dim / from[axis]!),
  ...rest,
});
const line = (values: number[]) => tensor([values.length], values);
const modes = ['half_pixel', 'asymmetric', 'align_corners', 'pytorch_half_pixel', 'half_pixel_symmetric'];
const roundings = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];

describe('resize', () => {
  it('has the shape it is given, and refuses what it does not know', () => {
    assert.equal(inferred('resize', '[1,2,3,4]', to([1, 2, 3, 4], [1, 4, 9, 4])), 'float32[1,4,9,4]');
    refuses('resize', '[2,3]', to([2], [4]), /shape.*2 dimensions/s);
    refuses('resize', '[2,3]', { shape: [4, 3], scales: [2] }, /scales.*2 positive/s);
    refuses('resize', '[2]', { ...to([2], [4]), mode: 'cubic' }, /mode.*linear/s);
    refuses('resize', '[2]', { ...to([2], [4]), coordinates: 'tf' }, /coordinates.*align_corners/s);
    refuses('resize', '[2]', { ...to([2], [4]), nearest: 'round' }, /nearest.*floor/s);
    refuses('resize', '[2]', { ...to([2], [4]), mode: 'linear' }, /floating/, 'int32');
    refuses('resize', '[0]', { shape: [2], scales: [1] }, /elements/);
  });

  it('takes the nearest element, rounding as told', () => {
    // Asymmetric coordinates of 4 from 6 elements: 0, 1.5, 3, 4.5.
    const six = iota([6]);
    const expected: Record<string, number[]> = {
      round_prefer_floor: [0, 1, 3, 4],
      round_prefer_ceil: [0, 2, 3, 5],
      floor: [0, 1, 3, 4],
      ceil: [0, 2, 3, 5],
    };
    for (const nearest of roundings)
      assert.deepEqual(
        values('resize', [six], to([6], [4], { coordinates: 'asymmetric', nearest })),
        expected[nearest],
      );
    // Half pixels of 5 from 2: −0.3, 0.1, 0.5, 0.9, 1.3.
    const two = iota([2]);
    const half = (nearest: string): number[] => values('resize', [two], to([2], [5], { nearest }));
    assert.deepEqual(half('round_prefer_floor'), [0, 0, 0, 1, 1]);
    assert.deepEqual(half('round_prefer_ceil'), [0, 0, 1, 1, 1]);
    assert.deepEqual(half('floor'), [0, 0, 0, 0, 1]);
    assert.deepEqual(half('ceil'), [0, 1, 1, 1, 1]);
  });

  it('places coordinates as the ONNX specification does', () => {
    const four = iota([4]);
    const linear = (shape: number, coordinates: string, scale = shape / 4): number[] =>
      values('resize', [four], { shape: [shape], scales: [scale], mode: 'linear', coordinates });
    assertClose(linear(8, 'half_pixel'), [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]);
    assertClose(linear(8, 'asymmetric'), [0, 0.5, 1, 1.5, 2, 2.5, 3, 3]);
    assertClose(linear(7, 'align_corners'), [0, 0.5, 1, 1.5, 2, 2.5, 3]);
    assertClose(linear(1, 'align_corners'), [0]);
    assertClose(linear(1, 'half_pixel'), [1.5]);
    assertClose(linear(1, 'pytorch_half_pixel'), [0]);
    assertClose(linear(2, 'pytorch_half_pixel'), [0.5, 2.5]);
    // Scale 0.6 of 4 gives 2 of 2.4: half_pixel leans to the start, symmetric keeps the centre of 1.5.
    assertClose(linear(2, 'half_pixel', 0.6), [1 / 3, 2]);
    assertClose(linear(2, 'half_pixel_symmetric', 0.6), [2 / 3, 7 / 3]);
  });

  it('blends the ONNX example resize_downsample_scales_linear', () => {
    const x = tensor([1, 2, 4, 1], [1, 2, 3, 4, 5, 6, 7, 8]);
    const attrs = { shape: [1, 1, 2, 1], scales: [1, 0.6, 0.6, 1], mode: 'linear' };
    assertClose(values('resize', [x], attrs), [2.6666665, 4.3333331], 1e-6);
  });

  it('does not lose an element to rounding where extents divide', () => {
    // 3·(7/3) must be 7 exactly: floor would otherwise repeat a neighbour.
    for (let input = 1; input <= 24; input++)
      for (let factor = 2; factor <= 7; factor++) {
        const attrs = to([input * factor], [input], { coordinates: 'asymmetric', nearest: 'floor' });
        const expected = Array.from({ length: input }, (_, i) => i * factor);
        assert.deepEqual(values('resize', [iota([input * factor])], attrs), expected);
        const rounded = { ...attrs, scales: [Math.fround(1 / factor)] };
        assert.deepEqual(values('resize', [iota([input * factor])], rounded), expected);
      }
  });

  it('resizes any dimensions of any dtype', () => {
    assert.deepEqual(
      values('resize', [tensor([2, 2], [1, 2, 3, 4], 'int64')], to([2, 2], [4, 2])),
      [1, 2, 1, 2, 3, 4, 3, 4],
    );
    const cube = to([2, 1, 2], [1, 1, 1], { mode: 'linear' });
    assertClose(values('resize', [tensor([2, 1, 2], [1, 2, 3, 6])], cube), [3]);
    assertClose(values('resize', [line([5])], to([1], [3], { mode: 'linear' })), [5, 5, 5]);
  });

  it('lowers one dimension, or two with nothing between them', () => {
    const cases: [number[], number[]][] = [
      [
        [2, 3, 4, 5],
        [2, 6, 8, 5],
      ],
      [
        [2, 5, 4, 3],
        [2, 3, 9, 3],
      ],
      [
        [2, 3, 4, 5],
        [2, 3, 4, 2],
      ],
      [
        [2, 3, 4, 5],
        [4, 3, 4, 5],
      ],
      [
        [2, 3, 4, 5],
        [2, 3, 7, 8],
      ],
      [
        [1, 3, 1, 5],
        [1, 6, 1, 3],
      ],
      [
        [2, 1, 1, 3],
        [2, 4, 5, 3],
      ],
    ];
    for (const [from, shape] of cases)
      for (const coordinates of modes)
        for (const mode of ['nearest', 'linear']) {
          const attrs = to(from, shape, { mode, coordinates });
          assert.deepEqual(checkLowering('resize', [randomTensor(from, 4)], attrs), ['f32-resize']);
        }
    const same = to([2, 3], [2, 3], { mode: 'linear' });
    assert.deepEqual(checkLowering('resize', [randomTensor([2, 3], 4)], same), ['copy']);
  });

  it('leaves the rest to the reference', () => {
    const x = randomTensor([2, 3, 4, 5], 4);
    assert.equal(lowered('resize', [x], to([2, 3, 4, 5], [2, 6, 4, 10]), []), null);
    assert.equal(lowered('resize', [x], to([2, 3, 4, 5], [4, 6, 8, 5]), []), null);
    assert.equal(lowered('resize', [iota([2], 'int32')], to([2], [4]), []), null);
  });

  it('moves past a transpose', () => {
    const x = randomTensor([2, 3, 4, 1], 4);
    for (const perm of permutations(4))
      checkPermuted('resize', [x], to([2, 3, 4, 1], [1, 5, 6, 2], { mode: 'linear' }), perm);
  });
});
