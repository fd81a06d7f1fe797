/** Shapes of convolutions: inferred, made, refused. */
import { conv1d, conv2d, convTranspose2d, depthwiseConv2d, type Tensor } from 'millrace';
import { expectType, refused, shapeIs, shapeTyped, within } from './expect-type.ts';

describe('types: convolutions', () => {
  it('padding, stride and dilation give literal sizes', () =>
    within(({ image, map, odd }) => {
      shapeIs(conv2d(image, { filters: 64, kernel: 7, stride: 2, padding: 3 }), [1, 112, 112, 64]);
      shapeIs(conv2d(image, { filters: 64, kernel: 7, stride: 2, padding: 'same' }), [1, 112, 112, 64]);
      shapeIs(conv2d(image, { filters: 64, kernel: 7, stride: 2, padding: 'valid' }), [1, 109, 109, 64]);
      shapeIs(conv2d(image, { filters: 64, kernel: 7, stride: 2 }), [1, 109, 109, 64]);
      shapeIs(conv2d(map, { filters: 128, kernel: 3, padding: 1 }), [1, 56, 56, 128]);
      shapeIs(conv2d(map, { filters: 128, kernel: 3, padding: 2, dilation: 2 }), [1, 56, 56, 128]);
      shapeIs(conv2d(map, { filters: 128, kernel: 3, dilation: 6, padding: 'same' }), [1, 56, 56, 128]);
      shapeIs(conv2d(odd, { filters: 8, kernel: [1, 7], padding: [0, 3] }), [1, 13, 27, 8]);
      shapeIs(conv2d(odd, { filters: 8, kernel: [3, 5], stride: [2, 1] }), [1, 6, 23, 8]);
      shapeIs(conv2d(odd, { filters: 8, kernel: 3, padding: [1, 0, 2, 1] }), [1, 14, 26, 8]);
      shapeIs(conv2d(odd, { filters: 8, kernel: 3, stride: 3, padding: 'same' }), [1, 5, 9, 8]);
      shapeIs(conv2d(odd, { filters: 64, kernel: 1, groups: 32 }), [1, 13, 27, 64]);
      expectType<Tensor<'float32', [1, 56, 56, 1000]>>()(conv2d(map, { filters: 1000, kernel: 1 }));
    }));

  it('sequences', () =>
    within(({ sequence }) => {
      shapeIs(conv1d(sequence, { filters: 384, kernel: 3, padding: 1 }), [1, 100, 384]);
      shapeIs(conv1d(sequence, { filters: 384, kernel: 3, stride: 2, padding: 1 }), [1, 50, 384]);
      shapeIs(conv1d(sequence, { filters: 16, kernel: 2, dilation: 8, padding: [8, 0] }), [1, 100, 16]);
      shapeIs(conv1d(sequence, { filters: 16, kernel: 10, stride: 10 }), [1, 10, 16]);
    }));

  it('depthwise and transposed', () =>
    within(({ map, small }) => {
      shapeIs(depthwiseConv2d(map, { kernel: 3, stride: 2, padding: 'same' }), [1, 28, 28, 64]);
      shapeIs(depthwiseConv2d(map, { kernel: 3, padding: 1, multiplier: 2 }), [1, 56, 56, 128]);
      shapeIs(convTranspose2d(map, { filters: 32, kernel: 2, stride: 2 }), [1, 112, 112, 32]);
      shapeIs(convTranspose2d(map, { filters: 32, kernel: 4, stride: 2, padding: 1 }), [1, 112, 112, 32]);
      shapeIs(
        convTranspose2d(small, { filters: 8, kernel: 3, stride: 2, padding: 1, outputPadding: 1 }),
        [2, 14, 14, 8],
      );
      shapeIs(
        convTranspose2d(small, { filters: 8, kernel: [3, 5], padding: 'same', stride: 3 }),
        [2, 21, 21, 8],
      );
    }));

  it('what is not a literal is a number, and nothing more is lost', () =>
    within(({ map }) => {
      const kernel: number = 3;
      const filters: number = 32;
      const padding: 'same' | 'valid' = 'same' as 'same' | 'valid';
      shapeTyped<[1, number, number, 8]>()(conv2d(map, { filters: 8, kernel }), [1, 54, 54, 8]);
      shapeTyped<[1, 54, 54, number]>()(conv2d(map, { filters, kernel: 3 }), [1, 54, 54, 32]);
      shapeTyped<[1, 54 | 56, 54 | 56, 8]>()(conv2d(map, { filters: 8, kernel: 3, padding }), [1, 56, 56, 8]);
      const some: Tensor<'float32', [number, 56, number, 64]> = map;
      shapeTyped<[number, 28, number, 8]>()(
        conv2d(some, { filters: 8, kernel: 2, stride: 2 }),
        [1, 28, 28, 8],
      );
    }));

  it('ranks, dtypes and options that do not fit are refused', () =>
    within(({ image, map, small, tokens, sequence, ids, vector, channels }) => {
      // @ts-expect-error expected [batch, height, width, channels], got [2, 128, 768]
      refused(() => conv2d(tokens, { filters: 8, kernel: 3 }));
      // @ts-expect-error expected [batch, height, width, channels], got [1, 25088]
      refused(() => conv2d(vector, { filters: 8, kernel: 3 }));
      // @ts-expect-error expected [batch, length, channels], got [1, 224, 224, 3]
      refused(() => conv1d(image, { filters: 8, kernel: 3 }));
      // @ts-expect-error expected [batch, height, width, channels], got [1, 100, 40]
      refused(() => depthwiseConv2d(sequence, { kernel: 3 }));
      // @ts-expect-error expected [batch, height, width, channels], got [64]
      refused(() => convTranspose2d(channels, { filters: 8, kernel: 2 }));
      // @ts-expect-error int64 is not float32
      refused(() => conv2d(ids, { filters: 8, kernel: 3 }));
      // @ts-expect-error a window of 9 does not fit into 7
      refused(() => conv2d(small, { filters: 8, kernel: 9 }));
      // @ts-expect-error a window of 13 does not fit into 9
      refused(() => conv2d(small, { filters: 8, kernel: 3, dilation: 6, padding: 1 }));
      // @ts-expect-error a window of 8 does not fit into 7
      refused(() => depthwiseConv2d(small, { kernel: [3, 8] }));
      // @ts-expect-error a window of 101 does not fit into 100
      refused(() => conv1d(sequence, { filters: 8, kernel: 101 }));
      // @ts-expect-error expected a multiple of 3 channels, got 64
      refused(() => conv2d(map, { filters: 9, kernel: 3, groups: 3 }));
      // @ts-expect-error expected a multiple of 32 filters, got 48
      refused(() => conv2d(map, { filters: 48, kernel: 3, groups: 32 }));
      // @ts-expect-error no such option: strides
      refused(() => conv2d(map, { filters: 48, kernel: 3, strides: 2 }));
      // @ts-expect-error no such option: units
      refused(() => conv1d(sequence, { filters: 48, kernel: 3, units: 2 }));
      // @ts-expect-error no such option: filters
      refused(() => depthwiseConv2d(map, { kernel: 3, filters: 64 }));
      // @ts-expect-error no such option: groups
      refused(() => convTranspose2d(map, { kernel: 2, filters: 64, groups: 2 }));
    }));
});
