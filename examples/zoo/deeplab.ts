/**
 * DeepLabV3 with ResNet-101 (Chen et al. 2017, arXiv 1706.05587), as torchvision has it, without the auxiliary
 * classifier of training: the last two stages keep the resolution and spread their kernels instead.
 */
import { defineModel, expectShape, expectShapeOf, scope, sizeOf, sizes, type Tensor, tensor } from 'millrace';
import { add, concat, conv2d, expand, globalAveragePool, type Image, relu, resize } from 'millrace/layers';
import { convNorm } from './blocks/convolution.ts';
import { stage, stem } from './resnet.ts';

/** The bottleneck of a ResNet at full resolution. */
function dilated<S extends Image, W extends number>(x: Tensor<'float32', S>, width: W, dilation: number) {
  const filters = sizes.times(4, width);
  const down = relu(convNorm(x, { name: 'down', filters: width, kernel: 1 }));
  const mid = relu(convNorm(down, { name: 'mid', filters: width, kernel: 3, dilation }));
  const up = convNorm(mid, { name: 'up', filters, kernel: 1 }, { scale: 0.2 });
  const shortcut = x.dim(-1) === filters ? x : convNorm(x, { name: 'shortcut', filters, kernel: 1 });
  return relu(add(up, expectShapeOf(shortcut, up)));
}

/** The first block still has the dilation of the stage before. */
function dilatedStage<S extends Image, const W extends number>(
  x: Tensor<'float32', S>,
  [name, blocks, width, dilation]: readonly [string, number, W, number],
) {
  let y = scope(`${name}.block1`, () => dilated(x, width, dilation / 2));
  for (let block = 2; block <= blocks; block++)
    y = scope(`${name}.block${block}`, () => expectShapeOf(dilated(y, width, dilation), y));
  return y;
}

/** Atrous spatial pyramid pooling: the same place at four scales, and the whole image. */
function pyramid<S extends Image>(x: Tensor<'float32', S>) {
  const filters = 256;
  const near = relu(convNorm(x, { name: 'near', filters, kernel: 1 }));
  const [far12, far24, far36] = ([12, 24, 36] as const).map((dilation) =>
    relu(convNorm(x, { name: `far${dilation}`, filters, kernel: 3, dilation })),
  ) as [typeof near, typeof near, typeof near];
  const mean = globalAveragePool(x, { keepDims: true });
  const whole = relu(convNorm(mean, { name: 'whole', filters, kernel: 1 }));
  const everywhere = expand(whole, [sizeOf(x, 0), sizeOf(x, 1), sizeOf(x, 2), filters]);
  const joined = concat([near, far12, far24, far36, everywhere]);
  return relu(convNorm(joined, { name: 'project', filters, kernel: 1 }));
}

export const deeplabV3 = () =>
  defineModel('deeplabv3_resnet101', { image: tensor('float32', [1, 224, 224, 3]) }, ({ image }) => {
    const stage1 = expectShape(stage(stem(image), ['stage1', 3, 64, 1]), [1, 56, 56, 256]);
    const stage2 = expectShape(stage(stage1, ['stage2', 4, 128, 2]), [1, 28, 28, 512]);
    const stage3 = expectShape(dilatedStage(stage2, ['stage3', 23, 256, 2]), [1, 28, 28, 1024]);
    const stage4 = expectShape(dilatedStage(stage3, ['stage4', 3, 512, 4]), [1, 28, 28, 2048]);
    const scales = expectShape(
      scope('pyramid', () => pyramid(stage4)),
      [1, 28, 28, 256],
    );
    const head = relu(convNorm(scales, { name: 'head', filters: 256, kernel: 3 }));
    const classes = conv2d(head, { name: 'classifier', filters: 21, kernel: 1 });
    return { classes: resize(classes, { scale: 8, mode: 'linear' }) };
  });
