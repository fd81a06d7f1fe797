/**
 * YOLOv2 (Redmon and Farhadi 2016, arXiv 1612.08242), layer by layer as in Darknet's `yolov2.cfg`: boxes at one scale,
 * five at every place of 32 pixels.
 */
import { defineModel, expectShape, init, scope, type Tensor, tensor } from 'millrace';
import {
  concat,
  conv2d,
  type Image,
  maxPool2d,
  reshape,
  sigmoid,
  softmax,
  split,
  transpose,
} from 'millrace/layers';
import { leaky } from './blocks/darknet.ts';

const half = <S extends Image>(x: Tensor<'float32', S>) => maxPool2d(x, { kernel: 2 });

/** Three convolutions, the middle one narrow. */
const three = <S extends Image, const F extends number>(x: Tensor<'float32', S>, name: string, filters: F) =>
  scope(name, () =>
    leaky(leaky(leaky(x, ['wide1', filters, 3]), ['narrow1', filters / 2, 1]), ['wide2', filters, 3]),
  );

/** And two more. */
const five = <S extends Image, const F extends number>(x: Tensor<'float32', S>, name: string, filters: F) => {
  const y = three(x, name, filters);
  return leaky(leaky(y, [`${name}.narrow2`, filters / 2, 1]), [`${name}.wide3`, filters, 3]);
};

/**
 * Blocks of 2×2 pixels as channels, in the order that Darknet's `reorg` was trained with: it takes the extents of its
 * input for those of its output, and so cuts the image otherwise than one would think.
 */
function reorg(x: Tensor<'float32', [1, 38, 38, 64]>) {
  const cut = reshape(transpose(x, [0, 3, 1, 2]), [16, 38, 2, 38, 2]);
  const image = reshape(transpose(cut, [2, 4, 0, 1, 3]), [1, 256, 19, 19]);
  return transpose(image, [0, 2, 3, 1]);
}

export const yolov2 = () =>
  defineModel('yolov2', { image: tensor('float32', [1, 608, 608, 3]) }, ({ image }) => {
    const stage1 = half(leaky(image, ['stage1', 32, 3]));
    const stage2 = half(leaky(stage1, ['stage2', 64, 3]));
    const stage3 = half(three(stage2, 'stage3', 128));
    const stage4 = expectShape(half(three(stage3, 'stage4', 256)), [1, 38, 38, 256]);
    const stage5 = five(stage4, 'stage5', 512);
    const stage6 = expectShape(five(half(stage5), 'stage6', 1024), [1, 19, 19, 1024]);
    const coarse = leaky(leaky(stage6, ['coarse1', 1024, 3]), ['coarse2', 1024, 3]);
    const fine = reorg(leaky(stage5, ['fine', 64, 1]));
    const joined = leaky(concat([fine, coarse]), ['joined', 1024, 3]);
    const boxes = conv2d(joined, {
      name: 'boxes',
      filters: 425,
      kernel: 1,
      initializer: init.normal(0, 0.01),
    });
    const [place, extent, object, classes] = split(reshape(boxes, [1, 19, 19, 5, 85]), [2, 2, 1, 80]);
    return { boxes: concat([sigmoid(place), extent, sigmoid(object), softmax(classes)]) };
  });
