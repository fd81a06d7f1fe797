/** Pools, resizing and layers that move elements: inferred, made, refused. */
import {
  averagePool1d,
  averagePool2d,
  concat,
  depthToSpace,
  expand,
  expectShape,
  flatten,
  gather,
  maxPool1d,
  maxPool2d,
  narrow,
  pad,
  reshape,
  resize,
  sizeOf,
  slice,
  spaceToDepth,
  split,
  squeeze,
  type Tensor,
  transpose,
  unsqueeze,
} from 'millrace';
import { expectType, refused, shapeIs, shapeTyped, within } from './expect-type.ts';

describe('types: pools and resizing', () => {
  it('sizes', () =>
    within(({ image, map, odd, sequence, small }) => {
      shapeIs(maxPool2d(image, { kernel: 2 }), [1, 112, 112, 3]);
      shapeIs(maxPool2d(image, { kernel: 3, stride: 2, padding: 1 }), [1, 112, 112, 3]);
      shapeIs(maxPool2d(image, { kernel: 3, stride: 2, ceil: true }), [1, 112, 112, 3]);
      shapeIs(maxPool2d(odd, { kernel: 2, ceil: true }), [1, 7, 14, 32]);
      shapeIs(maxPool2d(odd, { kernel: 2, ceil: true, stride: 3, padding: 1 }), [1, 5, 10, 32]);
      shapeIs(maxPool2d(odd, { kernel: [2, 3], stride: 2 }), [1, 6, 13, 32]);
      shapeIs(averagePool2d(map, { kernel: 2, stride: 2 }), [1, 28, 28, 64]);
      shapeIs(averagePool2d(map, { kernel: 3, stride: 1, padding: 'same' }), [1, 56, 56, 64]);
      shapeIs(maxPool1d(sequence, { kernel: 4 }), [1, 25, 40]);
      shapeIs(averagePool1d(sequence, { kernel: 3, stride: 2, padding: 1 }), [1, 50, 40]);
      shapeIs(resize(small, { scale: 2 }), [2, 14, 14, 512]);
      shapeIs(resize(small, { scale: [3, 1] }), [2, 21, 7, 512]);
      shapeIs(resize(small, { size: [224, 300], mode: 'linear' }), [2, 224, 300, 512]);
      shapeIs(depthToSpace(small, 4), [2, 28, 28, 32]);
      shapeIs(spaceToDepth(map, 2), [1, 28, 28, 256]);
    }));

  it('what does not fit is refused', () =>
    within(({ map, small, sequence, vector, odd }) => {
      // @ts-expect-error expected [batch, height, width, channels], got [1, 100, 40]
      refused(() => maxPool2d(sequence, { kernel: 2 }));
      // @ts-expect-error expected [batch, length, channels], got [1, 56, 56, 64]
      refused(() => averagePool1d(map, { kernel: 2 }));
      // @ts-expect-error a window of 8 does not fit into 7
      refused(() => averagePool2d(small, { kernel: 8 }));
      // @ts-expect-error no such option: size
      refused(() => maxPool2d(map, { kernel: 2, size: 2 }));
      // @ts-expect-error no such option: includePadding
      refused(() => maxPool2d(map, { kernel: 2, includePadding: true }));
      // @ts-expect-error expected [batch, height, width, channels], got [1, 25088]
      refused(() => resize(vector, { scale: 2 }));
      // @ts-expect-error no such option: align
      refused(() => resize(map, { scale: 2, align: true }));
      // @ts-expect-error expected a multiple of 9 channels, got 64
      refused(() => depthToSpace(map, 3));
      // @ts-expect-error expected a multiple of 2 rows, got 13
      refused(() => spaceToDepth(odd, 2));
    }));
});

describe('types: movement', () => {
  it('reshape, flatten, squeeze, unsqueeze, transpose', () =>
    within(({ small, tokens, vector, map }) => {
      shapeIs(flatten(small), [2, 25088]);
      shapeIs(flatten(vector), [1, 25088]);
      shapeIs(reshape(small, [2, 49, 512]), [2, 49, 512]);
      shapeIs(reshape(small, [-1, 512]), [98, 512]);
      shapeIs(reshape(tokens, [2, 128, 12, -1]), [2, 128, 12, 64]);
      shapeIs(reshape(vector, [-1]), [25088]);
      shapeIs(squeeze(map, 0), [56, 56, 64]);
      shapeIs(unsqueeze(tokens, 1), [2, 1, 128, 768]);
      shapeIs(transpose(tokens, [0, 2, 1]), [2, 768, 128]);
      shapeIs(transpose(small, [-1, 0, 1, 2]), [512, 2, 7, 7]);
      const heads: number = 12;
      shapeTyped<[2, 128, number, number]>()(reshape(tokens, [2, 128, heads, -1]), [2, 128, 12, 64]);
    }));

  it('concat, split, narrow, slice, pad, gather, expand', () =>
    within(({ map, tokens, ids, small, channels }) => {
      shapeIs(concat([map, map]), [1, 56, 56, 128]);
      shapeIs(concat([map, map, map], 1), [1, 168, 56, 64]);
      shapeIs(concat([tokens, tokens], -2), [2, 256, 768]);
      const list: Tensor<'float32', [1, 56, 56, 64]>[] = [map, map];
      shapeTyped<[1, 56, 56, number]>()(concat(list), [1, 56, 56, 128]);
      const [q, k, v] = split(tokens, 3);
      shapeIs(q, [2, 128, 256]);
      shapeIs(k, [2, 128, 256]);
      expectType<Tensor<'float32', [2, 128, 256]>>()(v);
      const [head, tail] = split(small, [1, 6], 2);
      shapeIs(head, [2, 7, 1, 512]);
      shapeIs(tail, [2, 7, 6, 512]);
      shapeIs(narrow(tokens, 1, 0, 1), [2, 1, 768]);
      shapeIs(narrow(tokens, -1, 700, 68), [2, 128, 68]);
      shapeIs(slice(tokens, [0, 1, 2], [1, 2, 3]), [1, 2, 3]);
      shapeIs(pad(map, [0, 1, 1, 0, 0, 2, 2, 0]), [1, 59, 59, 64]);
      shapeIs(gather(channels, ids), [2, 128]);
      shapeIs(gather(tokens, ids, 1), [2, 2, 128, 768]);
      shapeIs(expand(channels, [7, 7, 64]), [7, 7, 64]);
    }));

  it('sizeOf and expectShape', () =>
    within(({ map, tokens }) => {
      const channels: 64 = sizeOf(map, -1);
      const length: 128 = sizeOf(tokens, 1);
      const any: Tensor<'float32', number[]> = map;
      const image: Tensor<'float32', [number, number, number, 64]> = map;
      shapeIs(expectShape(any, [1, 56, 56, 64]), [1, 56, 56, channels]);
      shapeIs(expectShape(image, [1, 56, 56, 64] as const), [1, 56, 56, 64]);
      shapeIs(expectShape(tokens, [2, length, 768]), [2, 128, 768]);
      // Not seen by the checker: the sizes are not in the type.
      refused(() => expectShape(any, [1, 28, 28, 64]));
      // @ts-expect-error the shape is [?, ?, ?, 64], not [1, 56, 56, 32]
      refused(() => expectShape(image, [1, 56, 56, 32]));
      // @ts-expect-error the shape is [2, 128, 768], not [2, 128]
      refused(() => expectShape(tokens, [2, 128]));
    }));

  it('what does not fit is refused', () =>
    within(({ map, image, tokens, small, ids, vector, channels, sequence }) => {
      // @ts-expect-error expected 50176 elements, got 50175
      refused(() => reshape(small, [2, 25087]));
      // @ts-expect-error expected a divisor of 50176 elements, got 3
      refused(() => reshape(small, [3, -1]));
      // @ts-expect-error the axis has 56 elements
      refused(() => squeeze(map, 1));
      // @ts-expect-error no axis 4 in [1, 56, 56, 64]
      refused(() => squeeze(map, 4));
      // @ts-expect-error expected a permutation of the 3 axes of [2, 128, 768], got [0, 1]
      refused(() => transpose(tokens, [0, 1]));
      // @ts-expect-error expected a permutation of the 3 axes of [2, 128, 768], got [0, 1, 1]
      refused(() => transpose(tokens, [0, 1, 1]));
      // @ts-expect-error expected a permutation of the 3 axes of [2, 128, 768], got [0, 1, 3]
      refused(() => transpose(tokens, [0, 1, 3]));
      // @ts-expect-error expected [1, 56, 56, 64] but for axis -1, got [1, 224, 224, 3]
      refused(() => concat([map, image]));
      // @ts-expect-error expected [2, 128, 768] but for axis 1, got [1, 100, 40]
      refused(() => concat([tokens, sequence], 1));
      // @ts-expect-error expected [1, 56, 56, 64] but for axis -1, got [64]
      refused(() => concat([map, channels]));
      // @ts-expect-error expected float32, got int64
      refused(() => concat([narrow(tokens, 2, 0, 1), unsqueeze(ids, 2)], 0));
      // @ts-expect-error expected sizes that add up to 768, got 767
      refused(() => split(tokens, [256, 511]));
      // @ts-expect-error expected a divisor of 128, got 3
      refused(() => split(tokens, 3, 1));
      // @ts-expect-error no axis 3 in [2, 128, 768]
      refused(() => split(tokens, 3, 3));
      // @ts-expect-error elements 100 to 128 of an axis of 128
      refused(() => narrow(tokens, 1, 100, 29));
      // @ts-expect-error no axis 2 in [1, 25088]
      refused(() => narrow(vector, 2, 0, 1));
      // @ts-expect-error expected 8 numbers, begins then ends, got 4
      refused(() => pad(map, [1, 1, 1, 1]));
      // @ts-expect-error float32 is no index
      refused(() => gather(map, channels));
      // @ts-expect-error no axis 1 in [64]
      refused(() => gather(channels, ids, 1));
    }));
});
