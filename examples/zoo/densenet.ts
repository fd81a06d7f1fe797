/**
 * DenseNet (Huang et al. 2016, arXiv 1608.06993), the variants with bottlenecks and halving transitions: every layer
 * sees the outputs of all layers before it in its block, and adds 32 channels to them.
 */
import { defineModel, expectShape, scope, sizeOf, sizes, type Tensor, tensor } from 'millrace';
import { averagePool2d, batchNorm, concat, conv2d, type Image, maxPool2d, relu } from 'millrace/layers';
import { pooledClassifier } from './blocks/classifier.ts';
import { convNorm } from './blocks/convolution.ts';

const GROWTH = 32;

/** Normalisation and activation come before a convolution here, not after it. */
function layer<S extends Image>(x: Tensor<'float32', S>) {
  const narrow = relu(batchNorm(x, { name: 'norm1' }));
  const y = convNorm(narrow, { name: 'conv1', filters: 4 * GROWTH, kernel: 1 });
  return conv2d(relu(y), { name: 'conv2', filters: GROWTH, kernel: 3, padding: 1, bias: false });
}

/** Widens the image by `layers` times the growth. */
function block<S extends Image>(x: Tensor<'float32', S>, name: string, layers: number) {
  let y: Tensor<'float32', [S[0], S[1], S[2], number]> = x;
  for (let n = 1; n <= layers; n++) y = concat([y, scope(`${name}.layer${n}`, () => layer(y))]);
  return y;
}

/** Half of the channels, half of the image. */
function transition<S extends Image>(x: Tensor<'float32', S>, name: string) {
  const filters = sizes.over(sizeOf(x, -1), 2);
  const y = conv2d(relu(batchNorm(x, { name: `${name}.norm` })), { name, filters, kernel: 1, bias: false });
  return averagePool2d(y, { kernel: 2 });
}

const densenet = <const C extends number>(
  name: string,
  [first, second, third, fourth]: readonly [number, number, number, number],
  channels: C,
) =>
  defineModel(name, { image: tensor('float32', [1, 224, 224, 3]) }, ({ image }) => {
    const stem = relu(convNorm(image, { name: 'stem', filters: 64, kernel: 7, stride: 2, padding: 3 }));
    const begin = maxPool2d(stem, { kernel: 3, stride: 2, padding: 1 });
    const block1 = expectShape(block(begin, 'block1', first), [1, 56, 56, 256]);
    const block2 = expectShape(block(transition(block1, 'transition1'), 'block2', second), [1, 28, 28, 512]);
    const block3 = block(transition(block2, 'transition2'), 'block3', third);
    const block4 = block(transition(block3, 'transition3'), 'block4', fourth);
    return {
      probs: pooledClassifier(relu(batchNorm(expectShape(block4, [1, 7, 7, channels]), { name: 'norm' }))),
    };
  });

export const densenet121 = () => densenet('densenet121', [6, 12, 24, 16], 1024);
export const densenet201 = () => densenet('densenet201', [6, 12, 48, 32], 1920);
