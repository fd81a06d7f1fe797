import assert from 'node:assert/strict';
import { MillraceError } from '../../runtime/error.ts';
import { assertClose, inferred, iota, refuses, runOp, tensor, values } from './run-op.ts';

const line = (numbers: readonly number[], dtype: 'float32' | 'uint8' = 'float32') =>
  tensor([numbers.length], numbers, dtype);
const to = (from: number, shape: number) => ({ shape: [shape], scales: [shape / from] });

describe('resample', () => {
  const four = line([1, 2, 3, 4]);

  it('is Keys cubic: at 0.25 of the way the weights are −0.035, 0.262, 0.879, −0.105', () => {
    // Output 0 lies at −0.25: three taps are the first element, the last is the second, with weight W(1.25).
    const doubled = values('resample', [four], to(4, 8));
    assertClose([doubled[0]!], [1 - 0.10546875]);
    // Output 3 lies at 1.25.
    const weights = [-0.10546875, 0.87890625, 0.26171875, -0.03515625];
    assertClose([doubled[3]!], [weights[0]! + 2 * weights[1]! + 3 * weights[2]! + 4 * weights[3]!]);
    // Without what is outside, the weights that are left sum up to 1 again.
    const first = values('resample', [four], { ...to(4, 8), excludeOutside: true })[0]!;
    assertClose([first], [(0.87890625 + 2 * -0.10546875) / (0.87890625 - 0.10546875)]);
    // Another coefficient: W(1.5) = −0.0625, W(0.5) = 0.5625.
    const half = values('resample', [four], { ...to(4, 2), coordinates: 'half_pixel', cubic: -0.5 });
    assertClose(half, [0.5625 * 3 - 0.0625 * 4, 0.5625 * 7 - 0.0625 * 6]);
  });

  it('spreads the window over what an element covers', () => {
    const attrs = { ...to(4, 2), mode: 'linear', antialias: true };
    // Output 0 lies at 0.5, with distances 0.75, 0.25, 0.25, 0.75 in units of two elements.
    assertClose(values('resample', [four], attrs), [1.625, 3.375]);
    const inside = values('resample', [four], { ...attrs, excludeOutside: true });
    assertClose(inside, [3 / 1.75, (0.25 * 2 + 0.75 * 3 + 0.75 * 4) / 1.75]);
  });

  it('takes a region, and says what is outside', () => {
    const attrs = { ...to(4, 3), coordinates: 'tf_crop_and_resize', roi: [0.5, 1.5], extrapolation: 9 };
    assertClose(values('resample', [four], { ...attrs, mode: 'linear' }), [2.5, 4, 9]);
    assertClose(values('resample', [four], { ...attrs, mode: 'nearest' }), [2, 4, 9]);
    const middle = { shape: [1], scales: [0.25], coordinates: 'tf_crop_and_resize', roi: [0, 1] };
    assertClose(values('resample', [four], { ...middle, mode: 'linear' }), [2.5]);
  });

  it('cuts off what integers cannot hold', () => {
    assert.deepEqual(
      values('resample', [line([0, 10], 'uint8')], { ...to(2, 4), mode: 'linear' }),
      [0, 2, 7, 10],
    );
  });

  it('names what is wrong', () => {
    refuses('resample', '[4]', { ...to(4, 2), mode: 'lanczos' }, /mode.*nearest, linear, cubic/s);
    refuses('resample', '[4]', { ...to(4, 2), coordinates: 'tf' }, /coordinates.*tf_crop_and_resize/s);
    refuses('resample', '[4]', { ...to(4, 2), nearest: 'round' }, /nearest/);
    refuses('resample', '[4]', { shape: [2, 2], scales: [1] }, /shape.*1 dimensions/s);
    refuses('resample', '[4]', { shape: [2], scales: [0] }, /scales.*positive/s);
    refuses('resample', '[0]', { shape: [2], scales: [1] }, /elements/);
    refuses(
      'resample',
      '[4]',
      { ...to(4, 2), coordinates: 'tf_crop_and_resize', roi: [0] },
      /roi.*2 numbers/s,
    );
  });
});

describe('gridSample', () => {
  const x = tensor([1, 2, 2, 1], [4, 8, 12, 16]);
  const at = (points: readonly number[], attrs: object = {}): number[] =>
    values('gridSample', [x, tensor([1, 1, points.length / 2, 2], points)], { ...attrs });

  it('reads between elements, the last dimension first', () => {
    assert.deepEqual(at([0, 0]), [10]);
    assert.deepEqual(at([-1, -1, 1, -1, -1, 1], { alignCorners: true }), [4, 8, 12]);
    assert.deepEqual(at([0.5, -0.5, -0.5, 0.5]), [8, 12]);
    assert.deepEqual(at([0.4, -0.4, -0.6, 0.6], { mode: 'nearest' }), [8, 12]);
    const volume = [iota([1, 2, 2, 2, 1]), tensor([1, 1, 1, 2, 3], [0, 0, 0, 1, -1, -1])];
    assert.deepEqual(values('gridSample', volume, { alignCorners: true }), [3.5, 1]);
  });

  it('is cubic with W(0.5) = 0.59375 and W(1.5) = −0.09375', () => {
    const row = [tensor([1, 4, 1], [1, 2, 3, 10]), tensor([1, 1, 1], [0])];
    assertClose(values('gridSample', row, { mode: 'cubic' }), [0.59375 * 5 - 0.09375 * 11]);
  });

  it('is zero, the edge or a mirror outside', () => {
    assert.deepEqual(at([-1, -1, -3, 0]), [1, 0]);
    assert.deepEqual(at([-1, -1, -3, 0], { padding: 'border' }), [4, 8]);
    // −3 is −2.5 elements, which the edge at −0.5 mirrors to 1.5: the last column.
    assert.deepEqual(at([-1, -1, -3, 0], { padding: 'reflection' }), [4, 12]);
    assert.deepEqual(at([-2, -1], { padding: 'reflection', alignCorners: true }), [6]);
  });

  it('names what is wrong', () => {
    refuses('gridSample', '[1,2,2,1] [1,3,3,3]', {}, /grid.*\[1, …, 2\]/s);
    refuses('gridSample', '[1,2,2,1] [1,3,3,2]', { mode: 'bilinear' }, /mode.*nearest, linear/s);
    refuses('gridSample', '[1,2,2,1] [1,3,3,2]', { padding: 'wrap' }, /padding.*zeros/s);
    refuses('gridSample', '[2,2] [2,1]', {}, /spatial/);
  });
});

describe('regions, moved taps and blocks', () => {
  it('roiAlign averages samples in each bin, or takes the largest', () => {
    const x = iota([1, 4, 4, 1]);
    const region = [tensor([1, 4], [0, 0, 2, 2]), tensor([1], [0], 'int64')];
    const run = (attrs: object): number[] =>
      values('roiAlign', [x, ...region], { height: 1, width: 1, sampling: 1, halfPixel: false, ...attrs });
    assert.deepEqual(run({}), [5]);
    assert.deepEqual(run({ halfPixel: true }), [2.5]);
    assert.deepEqual(run({ sampling: 2 }), [5]);
    assert.deepEqual(run({ sampling: 0 }), [5]);
    assert.deepEqual(run({ scale: 0.5 }), [2.5]);
    assert.deepEqual(run({ mode: 'max' }), [5]);
    assert.deepEqual(run({ height: 2, width: 2 }), [2.5, 3.5, 6.5, 7.5]);
    assert.throws(
      () => runOp('roiAlign', [x, region[0]!, tensor([1], [1], 'int64')], { height: 1, width: 1 }),
      (error) => error instanceof MillraceError && /no such image.*0 to 0/s.test(error.message),
    );
    refuses('roiAlign', '[1,4,4,1] [2,3] [2]', { height: 1, width: 1 }, /regions/);
    refuses('roiAlign', '[1,4,4,1] [2,4] [2]', { height: 1, width: 1 }, /batch.*int64\[2\]/s);
  });

  const window = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };

  it('deformConv is a convolution whose taps move', () => {
    const x = iota([1, 3, 3, 1]);
    const w = tensor([1, 1, 2, 2], [1, 1, 1, 1]);
    const offsets = (row: number, column: number) =>
      tensor(
        [1, 8, 2, 2],
        [0, 1, 2, 3].flatMap(() => [...new Array(4).fill(row), ...new Array(4).fill(column)]),
      );
    assert.deepEqual(values('deformConv', [x, w, offsets(0, 0)], window), [8, 12, 20, 24]);
    // One row further down; the last reads nothing below the image.
    assert.deepEqual(values('deformConv', [x, w, offsets(1, 0)], window), [20, 24, 13, 15]);
    // Half a column to the right.
    assert.deepEqual(values('deformConv', [x, w, offsets(0, 0.5)], window), [10, 9.5, 22, 18.5]);
    const more = [x, w, offsets(0, 0), tensor([1], [100]), tensor([1, 4, 2, 2], new Array(16).fill(0.5))];
    assert.deepEqual(values('deformConv', more, window), [104, 106, 110, 112]);
    assert.equal(
      inferred('deformConv', '[1,3,3,2] [4,1,2,2] [1,16,2,2]', { ...window, groups: 2, parts: 2 }),
      'float32[1,2,2,4]',
    );
    refuses('deformConv', '[1,3,3,1] [1,1,2,2] [1,4,2,2]', window, /offsets.*float32\[1,8,2,2\]/s);
    refuses('deformConv', '[1,3,3,1] [1,1,2,2] [1,8,2,2]', { ...window, parts: 2 }, /parts.*divisor/s);
    refuses('deformConv', '[1,3,3,1] [1,2,2,2] [1,8,2,2]', window, /input w/);
  });

  it('columnsToImage sums what overlaps', () => {
    const attrs = { image: [3], block: [2], strides: [1], dilations: [1], pads: [0, 0] };
    assert.deepEqual(values('columnsToImage', [tensor([1, 2, 2], [1, 2, 3, 4])], attrs), [1, 5, 4]);
    const padded = { ...attrs, image: [2], pads: [1, 0] };
    assert.deepEqual(values('columnsToImage', [tensor([1, 2, 2], [1, 2, 3, 4])], padded), [5, 4]);
    const plane = { image: [2, 2], block: [1, 2], ...window };
    assert.deepEqual(values('columnsToImage', [tensor([1, 2, 2], [1, 2, 3, 4])], plane), [1, 3, 2, 4]);
    refuses('columnsToImage', '[1,3,2]', attrs, /channels × 2, 2/);
  });

  it('maxPoolIndices numbers elements as ONNX does', () => {
    const attrs = { kernel: [2, 2], ...window, strides: [2, 2] };
    const x = iota([1, 4, 4, 1]);
    assert.deepEqual(values('maxPoolIndices', [x], attrs), [5, 7, 13, 15]);
    assert.deepEqual(values('maxPoolIndices', [x], { ...attrs, columnMajor: true }), [5, 13, 7, 15]);
    // Channels come before places: element 4 · channel + place.
    const two = tensor([1, 2, 2, 2], [1, 9, 2, 8, 3, 7, 4, 6]);
    assert.deepEqual(values('maxPoolIndices', [two], { ...attrs, strides: [1, 1] }), [3, 4]);
    // The first of equals; padding is never the largest.
    const below = tensor([1, 1, 3, 1], [-1, -1, -2]);
    const row = { kernel: [1, 3], ...window, pads: [0, 1, 0, 1] };
    assert.deepEqual(values('maxPoolIndices', [below], row), [0, 0, 1]);
    refuses('maxPoolIndices', '[2,2]', attrs, /spatial/);
  });
});
