/**
 * U-Net (Ronneberger et al. 2015, arXiv 1505.04597), in the form most used since (milesial/Pytorch-UNet): padded
 * convolutions with batch normalisation. What the way down saw waits, four images deep, until the way up joins it.
 */
import { defineModel, expectShape, scope, sizeOf, sizes, type Tensor, tensor } from 'millrace';
import { concat, conv2d, convTranspose2d, type Image, maxPool2d, relu } from 'millrace/layers';
import { convNorm } from './blocks/convolution.ts';

const twice = <S extends Image, const F extends number>(x: Tensor<'float32', S>, name: string, filters: F) =>
  scope(name, () => {
    const first = relu(convNorm(x, { name: 'conv1', filters, kernel: 3 }));
    return relu(convNorm(first, { name: 'conv2', filters, kernel: 3 }));
  });

/** Half the image. */
const down = <S extends Image, const F extends number>(x: Tensor<'float32', S>, name: string, filters: F) =>
  twice(maxPool2d(x, { kernel: 2 }), name, filters);

/** Twice the image and half of the channels, beside what it was on the way down. */
function up<S extends Image, T extends Image>(
  x: Tensor<'float32', S>,
  name: string,
  skip: Tensor<'float32', T>,
) {
  const filters = sizes.over(sizeOf(x, -1), 2);
  const wide = convTranspose2d(x, { name: `${name}.spread`, filters, kernel: 2, stride: 2 });
  return twice(concat([skip, wide]), name, filters);
}

export const unet = () =>
  defineModel('unet', { image: tensor('float32', [1, 256, 256, 3]) }, ({ image }) => {
    const level1 = twice(image, 'down1', 64);
    const level2 = down(level1, 'down2', 128);
    const level3 = down(level2, 'down3', 256);
    const level4 = down(level3, 'down4', 512);
    const bottom = expectShape(down(level4, 'bottom', 1024), [1, 16, 16, 1024]);
    const up3 = up(up(bottom, 'up4', level4), 'up3', level3);
    const up1 = expectShape(up(up(up3, 'up2', level2), 'up1', level1), [1, 256, 256, 64]);
    return { mask: conv2d(up1, { name: 'classifier', filters: 2, kernel: 1 }) };
  });
