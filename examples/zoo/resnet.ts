/**
 * ResNet (He et al. 2015, arXiv 1512.03385), with the stride in the 3×3 convolution of a bottleneck, as torchvision and
 * most weights have it. Parameters have the names that `torchvision.resnet50` and its like map to checkpoints.
 */
import { defineModel, expectShape, expectShapeOf, scope, sizes, type Tensor, tensor } from 'millrace';
import { add, type Image, maxPool2d, relu } from 'millrace/layers';
import { pooledClassifier } from './blocks/classifier.ts';
import { convNorm } from './blocks/convolution.ts';

type Stride = 1 | 2;
/** Scale of the last normalisation of a branch. */
const scale = 0.2;

/** Two 3×3 convolutions around a shortcut, which is projected where the shape changes. */
function basic<S extends Image, W extends number, T extends Stride>(
  x: Tensor<'float32', S>,
  filters: W,
  stride: T,
) {
  const first = relu(convNorm(x, { name: 'conv1', filters, kernel: 3, stride, padding: 1 }));
  const second = convNorm(first, { name: 'conv2', filters, kernel: 3, padding: 1 }, { scale });
  const same = x.dim(-1) === filters && stride === 1;
  const shortcut = same ? x : convNorm(x, { name: 'shortcut', filters, kernel: 1, stride, padding: 0 });
  return relu(add(second, expectShapeOf(shortcut, second)));
}

/** 1×1 down, 3×3, 1×1 up to four times the width, around a shortcut. */
function bottleneck<S extends Image, W extends number, T extends Stride>(
  x: Tensor<'float32', S>,
  width: W,
  stride: T,
) {
  const filters = sizes.times(4, width);
  const down = relu(convNorm(x, { name: 'down', filters: width, kernel: 1 }));
  const mid = relu(convNorm(down, { name: 'mid', filters: width, kernel: 3, stride, padding: 1 }));
  const up = convNorm(mid, { name: 'up', filters, kernel: 1 }, { scale });
  const same = x.dim(-1) === filters && stride === 1;
  const shortcut = same ? x : convNorm(x, { name: 'shortcut', filters, kernel: 1, stride, padding: 0 });
  return relu(add(up, expectShapeOf(shortcut, up)));
}

/** Basic blocks, of which the first may halve the image. */
function basicStage<S extends Image, const W extends number, T extends Stride>(
  x: Tensor<'float32', S>,
  [name, blocks, width, stride]: readonly [string, number, W, T],
) {
  let y = scope(`${name}.block1`, () => basic(x, width, stride));
  for (let block = 2; block <= blocks; block++)
    y = scope(`${name}.block${block}`, () => expectShapeOf(basic(y, width, 1), y));
  return y;
}

/** Bottlenecks, of which the first may halve the image. */
export function stage<S extends Image, const W extends number, T extends Stride>(
  x: Tensor<'float32', S>,
  [name, blocks, width, stride]: readonly [string, number, W, T],
) {
  let y = scope(`${name}.block1`, () => bottleneck(x, width, stride));
  for (let block = 2; block <= blocks; block++)
    y = scope(`${name}.block${block}`, () => expectShapeOf(bottleneck(y, width, 1), y));
  return y;
}

/** A quarter of the image, 64 channels: how every ResNet begins. */
export function stem<S extends Image>(image: Tensor<'float32', S>) {
  const x = relu(convNorm(image, { name: 'stem', filters: 64, kernel: 7, stride: 2, padding: 3 }));
  return maxPool2d(x, { kernel: 3, stride: 2, padding: 1 });
}

const image = tensor('float32', [1, 224, 224, 3]);
type Depths = readonly [number, number, number, number];

const shallow = (name: string, depths: Depths) =>
  defineModel(name, { image }, ({ image }) => {
    const stage1 = basicStage(stem(image), ['stage1', depths[0], 64, 1]);
    const stage2 = basicStage(stage1, ['stage2', depths[1], 128, 2]);
    const stage3 = basicStage(stage2, ['stage3', depths[2], 256, 2]);
    const stage4 = basicStage(stage3, ['stage4', depths[3], 512, 2]);
    return { probs: pooledClassifier(expectShape(stage4, [1, 7, 7, 512])) };
  });

const deep = (name: string, depths: Depths) =>
  defineModel(name, { image }, ({ image }) => {
    const stage1 = expectShape(stage(stem(image), ['stage1', depths[0], 64, 1]), [1, 56, 56, 256]);
    const stage2 = expectShape(stage(stage1, ['stage2', depths[1], 128, 2]), [1, 28, 28, 512]);
    const stage3 = expectShape(stage(stage2, ['stage3', depths[2], 256, 2]), [1, 14, 14, 1024]);
    const stage4 = expectShape(stage(stage3, ['stage4', depths[3], 512, 2]), [1, 7, 7, 2048]);
    return { probs: pooledClassifier(stage4) };
  });

export const resnet18 = () => shallow('resnet18', [2, 2, 2, 2]);
export const resnet50 = () => deep('resnet50', [3, 4, 6, 3]);
export const resnet101 = () => deep('resnet101', [3, 4, 23, 3]);
export const resnet152 = () => deep('resnet152', [3, 8, 36, 3]);
