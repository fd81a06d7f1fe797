/**
 * SqueezeNet (Iandola et al. 2016, arXiv 1602.07360): AlexNet's accuracy in 5 MB. Version 1.1 of the authors squeezes
 * earlier and costs less than half.
 */
import { defineModel, expectShape, init, type Tensor, tensor } from 'millrace';
import { concat, conv2d, globalAveragePool, type Image, maxPool2d, relu, softmax } from 'millrace/layers';

/** 1×1 down to a few channels, then 1×1 and 3×3 side by side. */
function fire<S extends Image, const Q extends number, const E extends number>(
  x: Tensor<'float32', S>,
  [name, squeezed, expanded]: readonly [string, Q, E],
) {
  const y = relu(conv2d(x, { name: `${name}.squeeze`, filters: squeezed, kernel: 1 }));
  const one = relu(conv2d(y, { name: `${name}.expand1`, filters: expanded, kernel: 1 }));
  const three = relu(conv2d(y, { name: `${name}.expand3`, filters: expanded, kernel: 3, padding: 1 }));
  return concat([one, three]);
}

/** Classes are maps, averaged: there is no dense layer. */
function classes<S extends Image>(x: Tensor<'float32', S>) {
  const maps = conv2d(x, { name: 'classifier', filters: 1000, kernel: 1, initializer: init.normal(0, 0.01) });
  return softmax(globalAveragePool(relu(maps)));
}

const image = tensor('float32', [1, 224, 224, 3]);
const pool = { kernel: 3, stride: 2, ceil: true } as const;

export const squeezenet10 = () =>
  defineModel('squeezenet1_0', { image }, ({ image }) => {
    const conv1 = relu(conv2d(image, { name: 'conv1', filters: 96, kernel: 7, stride: 2 }));
    const pool1 = expectShape(maxPool2d(conv1, pool), [1, 54, 54, 96]);
    const fire4 = fire(fire(fire(pool1, ['fire2', 16, 64]), ['fire3', 16, 64]), ['fire4', 32, 128]);
    const pool4 = expectShape(maxPool2d(fire4, pool), [1, 27, 27, 256]);
    const fire6 = fire(fire(pool4, ['fire5', 32, 128]), ['fire6', 48, 192]);
    const fire8 = fire(fire(fire6, ['fire7', 48, 192]), ['fire8', 64, 256]);
    const pool8 = expectShape(maxPool2d(fire8, pool), [1, 13, 13, 512]);
    return { probs: classes(fire(pool8, ['fire9', 64, 256])) };
  });

export const squeezenet11 = () =>
  defineModel('squeezenet1_1', { image }, ({ image }) => {
    const conv1 = relu(conv2d(image, { name: 'conv1', filters: 64, kernel: 3, stride: 2 }));
    const pool1 = expectShape(maxPool2d(conv1, pool), [1, 55, 55, 64]);
    const fire3 = fire(fire(pool1, ['fire2', 16, 64]), ['fire3', 16, 64]);
    const pool3 = expectShape(maxPool2d(fire3, pool), [1, 27, 27, 128]);
    const fire5 = fire(fire(pool3, ['fire4', 32, 128]), ['fire5', 32, 128]);
    const pool5 = expectShape(maxPool2d(fire5, pool), [1, 13, 13, 256]);
    const fire7 = fire(fire(pool5, ['fire6', 48, 192]), ['fire7', 48, 192]);
    return { probs: classes(fire(fire(fire7, ['fire8', 64, 256]), ['fire9', 64, 256])) };
  });
