/**
 * VGG (Simonyan and Zisserman 2014, arXiv 1409.1556), configurations D and E: 3×3 convolutions and nothing else. The
 * first dense layer alone is 392 MiB of the 528 MiB of VGG-16: what a plan does with one layer this large decides.
 */
import { defineModel, expectShape, scope, type Tensor, tensor } from 'millrace';
import { conv2d, dense, flatten, type Image, maxPool2d, relu } from 'millrace/layers';
import { classifier } from './blocks/classifier.ts';

/** Convolutions of one width, then half the image. */
const stage = <S extends Image, const F extends number>(
  x: Tensor<'float32', S>,
  [name, convolutions, filters]: readonly [string, number, F],
) =>
  scope(name, () => {
    let y = relu(conv2d(x, { name: 'conv1', filters, kernel: 3, padding: 1 }));
    for (let n = 2; n <= convolutions; n++)
      y = relu(conv2d(y, { name: `conv${n}`, filters, kernel: 3, padding: 1 }));
    return maxPool2d(y, { kernel: 2 });
  });

const vgg = (
  name: string,
  [first, second, third, fourth, fifth]: readonly [number, number, number, number, number],
) =>
  defineModel(name, { image: tensor('float32', [1, 224, 224, 3]) }, ({ image }) => {
    const stage1 = stage(image, ['stage1', first, 64]);
    const stage2 = expectShape(stage(stage1, ['stage2', second, 128]), [1, 56, 56, 128]);
    const stage3 = stage(stage2, ['stage3', third, 256]);
    const stage4 = expectShape(stage(stage3, ['stage4', fourth, 512]), [1, 14, 14, 512]);
    const stage5 = expectShape(stage(stage4, ['stage5', fifth, 512]), [1, 7, 7, 512]);
    const dense1 = relu(dense(flatten(stage5), { name: 'dense1', units: 4096 }));
    const dense2 = relu(dense(dense1, { name: 'dense2', units: 4096 }));
    return { probs: classifier(dense2) };
  });

export const vgg16 = () => vgg('vgg16', [2, 2, 3, 3, 3]);
export const vgg19 = () => vgg('vgg19', [2, 2, 4, 4, 4]);
