/** Blocks and networks: literal shapes through functions, loops and unions. */
import assert from 'node:assert/strict';
import {
  add,
  averagePool2d,
  batchNorm,
  concat,
  conv2d,
  convTranspose2d,
  defineModel,
  dense,
  depthwiseConv2d,
  expectShape,
  expectShapeOf,
  globalAveragePool,
  type Image,
  type Model,
  maxPool2d,
  mul,
  type Port,
  relu,
  reshape,
  resize,
  sigmoid,
  sizeOf,
  sizes,
  type Tensor,
  tensor,
} from 'millrace';
import resnet from '../../../examples/resnet152/model.ts';
import { refused, shapeIs, shapeTyped, within } from './expect-type.ts';

/** Everything is inferred; nothing is annotated but the parameters. */
function residual<S extends Image, F extends number, T extends 1 | 2>(
  x: Tensor<'float32', S>,
  filters: F,
  stride: T,
) {
  const first = relu(batchNorm(conv2d(x, { filters, kernel: 3, stride, padding: 1, bias: false })));
  const second = batchNorm(conv2d(first, { filters, kernel: 3, padding: 1, bias: false }));
  const shortcut = stride === 1 ? x : conv2d(x, { filters, kernel: 1, stride });
  return relu(add(second, expectShapeOf(shortcut, second)));
}

/** Squeeze and excitation, of any image. */
function excite<S extends Image>(x: Tensor<'float32', S>) {
  const channels = sizeOf(x, -1);
  const squeezed = relu(dense(globalAveragePool(x), { units: sizes.over(channels, 4) }));
  const gates = sigmoid(dense(squeezed, { units: channels }));
  return mul(x, reshape(gates, [sizeOf(x, 0), 1, 1, channels]));
}

const unit = <S extends Image, const F extends number, const K extends number, const T extends 1 | 2>(
  x: Tensor<'float32', S>,
  [filters, kernel, stride]: readonly [F, K, T],
) => relu(batchNorm(conv2d(x, { filters, kernel, stride, padding: 'same', bias: false })));

/** MobileNet v2: the width follows from the input. */
function inverted<S extends Image, const E extends number, const F extends number, T extends 1 | 2>(
  x: Tensor<'float32', S>,
  [expansion, filters, stride]: readonly [E, F, T],
) {
  const wide = unit(x, [sizes.times(sizeOf(x, -1), expansion), 1, 1]);
  const deep = relu(batchNorm(depthwiseConv2d(wide, { kernel: 3, stride, padding: 1, bias: false })));
  const y = batchNorm(conv2d(deep, { filters, kernel: 1, bias: false }));
  return stride === 1 && x.dim(-1) === filters ? add(y, expectShapeOf(x, y)) : y;
}

/** Inception v3: branches of different depth, put together. */
function inception<S extends Image, F extends number>(x: Tensor<'float32', S>, pooled: F) {
  const narrow = unit(x, [64, 1, 1]);
  const medium = unit(unit(x, [48, 1, 1]), [64, 5, 1]);
  const wide = unit(unit(unit(x, [64, 1, 1]), [96, 3, 1]), [96, 3, 1]);
  const pool = unit(averagePool2d(x, { kernel: 3, stride: 1, padding: 1 }), [pooled, 1, 1]);
  return concat([narrow, medium, wide, pool]);
}

/** DenseNet: every layer adds 32 channels. */
function growing<S extends Image>(x: Tensor<'float32', S>) {
  const y = conv2d(relu(batchNorm(x)), { filters: 128, kernel: 1, bias: false });
  return concat([x, conv2d(relu(batchNorm(y)), { filters: 32, kernel: 3, padding: 1, bias: false })]);
}

/** U-Net: two open shapes meet. */
function rising<S extends Image, T extends Image, F extends number>(
  x: Tensor<'float32', S>,
  skip: Tensor<'float32', T>,
  filters: F,
) {
  const joined = concat([skip, convTranspose2d(x, { filters, kernel: 2, stride: 2 })]);
  return unit(unit(joined, [filters, 3, 1]), [filters, 3, 1]);
}

/** Ten layers that all change the size, within one block. */
function falling<S extends Image>(x: Tensor<'float32', S>) {
  const five = unit(unit(unit(unit(unit(x, [8, 3, 2]), [8, 3, 2]), [8, 3, 2]), [8, 3, 2]), [8, 3, 2]);
  const wide = resize(five, { scale: 16 });
  return conv2d(maxPool2d(maxPool2d(wide, { kernel: 3 }), { kernel: 2 }), { filters: 4, kernel: 3 });
}

/** A block that does not care, and gives what it can. */
function plain(x: Tensor<'float32', Image>, filters: number) {
  return maxPool2d(relu(conv2d(x, { filters, kernel: 3, padding: 'same' })), { kernel: 2 });
}

describe('types: blocks', () => {
  it('a general block gives literal shapes', () =>
    within(({ map, image }) => {
      shapeIs(residual(map, 64, 1), [1, 56, 56, 64]);
      shapeIs(residual(map, 128, 2), [1, 28, 28, 128]);
      shapeIs(residual(residual(residual(map, 128, 2), 256, 2), 512, 2), [1, 7, 7, 512]);
      shapeIs(excite(map), [1, 56, 56, 64]);
      shapeIs(excite(residual(map, 96, 2)), [1, 28, 28, 96]);
      shapeIs(inverted(map, [6, 64, 1]), [1, 56, 56, 64]);
      shapeIs(inverted(inverted(map, [6, 24, 2]), [1, 24, 1]), [1, 28, 28, 24]);
      shapeIs(inception(map, 32), [1, 56, 56, 256]);
      shapeIs(growing(growing(growing(map))), [1, 56, 56, 160]);
      shapeIs(rising(unit(map, [256, 3, 2]), map, 128), [1, 56, 56, 128]);
      shapeIs(falling(image), [1, 16, 16, 4]);
    }));

  it('a loop over blocks keeps its type', () =>
    within(({ map }) => {
      let x = residual(map, 128, 2);
      for (let block = 0; block < 3; block++) x = residual(x, 128, 1);
      shapeIs(x, [1, 28, 28, 128]);
    }));

  it('a loop that widens is given its shape back', () =>
    within(({ map }) => {
      let x: Tensor<'float32', [1, 56, 56, number]> = map;
      for (let layer = 0; layer < 6; layer++)
        x = concat([x, conv2d(x, { filters: 32, kernel: 3, padding: 1 })]);
      shapeTyped<[1, 56, 56, number]>()(x, [1, 56, 56, 256]);
      shapeIs(expectShape(x, [1, 56, 56, 256]), [1, 56, 56, 256]);
    }));

  it('a block of numbers gives numbers', () =>
    within(({ map }) => {
      shapeTyped<[number, number, number, number]>()(plain(map, 32), [1, 28, 28, 32]);
      shapeIs(expectShape(plain(map, 32), [1, 28, 28, 32]), [1, 28, 28, 32]);
    }));

  it('arithmetic on sizes', () =>
    within(({ map }) => {
      const channels = sizeOf(map, -1);
      shapeIs(conv2d(map, { filters: sizes.times(6, channels), kernel: 1 }), [1, 56, 56, 384]);
      shapeIs(conv2d(map, { filters: sizes.plus(channels, 32), kernel: 1 }), [1, 56, 56, 96]);
      shapeIs(conv2d(map, { filters: sizes.over(channels, 3), kernel: 1 }), [1, 56, 56, 21]);
    }));

  it('what does not fit a block is refused', () =>
    within(({ map, tokens, small }) => {
      // @ts-expect-error [2, 128, 768] is no image
      refused(() => residual(tokens, 64, 1));
      // @ts-expect-error 3 is neither 1 nor 2
      refused(() => expectShape(residual(map, 64, 3), [1, 56, 56, 64]));
      // @ts-expect-error [2, 7, 7, 64] does not broadcast with [1, 56, 56, 64]
      refused(() => add(residual(map, 64, 1), residual(small, 64, 2)));
      // @ts-expect-error expected 64 channels, got 32
      refused(() => add(residual(map, 64, 1), conv2d(map, { filters: 32, kernel: 1 })));
      // Inside a general block what can be seen is: an image is no sequence.
      const wrong = <S extends Image>(x: Tensor<'float32', S>) =>
        // @ts-expect-error [number, number, number, number] is no stack of images of 10 channels
        expectShape(conv2d(x, { filters: 12, kernel: 1 }), [1, 56, 56, 10]);
      refused(() => wrong(map));
      const deep = <S extends Image>(x: Tensor<'float32', S>) =>
        // @ts-expect-error expected a multiple of 5 filters, got 12
        depthwiseConv2d(conv2d(x, { filters: 12, kernel: 1, groups: 5 }), { kernel: 3 });
      refused(() => deep(map));
    }));
});

describe('types: networks', () => {
  it('inputs and outputs are in the type of the model', () => {
    const model = defineModel(
      'two',
      { a: tensor('float32', [1, 8]), b: tensor('int64', [4]) },
      ({ a, b }) => ({
        y: dense(a, { units: 10 }),
        same: b,
      }),
    );
    const typed: Model<
      { a: Port<'float32', [1, 8]>; b: Port<'int64', [4]> },
      { readonly y: Port<'float32', [1, 10]>; readonly same: Port<'int64', [4]> }
    > = model;
    const units: 10 = model.outputs.y.shape[1];
    assert.deepEqual(typed.outputs, {
      y: { dtype: 'float32', shape: [1, units] },
      same: { dtype: 'int64', shape: [4] },
    });
    // @ts-expect-error there is no such output
    assert.equal(model.outputs.z, undefined);
  });

  it('the output of ResNet-152 is [1, 1000]', () => {
    const shape: [1, 1000] = resnet.outputs.probs.shape;
    const image: [1, 224, 224, 3] = resnet.inputs.image.shape;
    assert.deepEqual(
      [shape, image],
      [
        [1, 1000],
        [1, 224, 224, 3],
      ],
    );
  });
});
