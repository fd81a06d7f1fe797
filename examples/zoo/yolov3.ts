/**
 * YOLOv3 (Redmon and Farhadi 2018, arXiv 1804.02767), layer by layer as in Darknet's `yolov3.cfg`: boxes at three
 * scales, each from what the scale below it has seen and from the backbone.
 */
import { defineModel, expectShape, expectShapeOf, scope, sizes, type Tensor, tensor } from 'millrace';
import { add, concat, type Image } from 'millrace/layers';
import { detect, leaky, upsample } from './blocks/darknet.ts';

/** Half the image, then residual blocks. */
const stage = <S extends Image, const F extends number>(
  x: Tensor<'float32', S>,
  [name, filters, blocks]: readonly [string, F, number],
) =>
  scope(name, () => {
    let y = leaky(x, ['down', filters, 3, 2]);
    for (let n = 1; n <= blocks; n++) {
      const narrow = leaky(y, [`block${n}.narrow`, sizes.over(filters, 2), 1]);
      const wide = expectShapeOf(leaky(narrow, [`block${n}.wide`, filters, 3], 0.2), y);
      y = expectShapeOf(add(y, wide), y);
    }
    return y;
  });

/** Five convolutions, narrow and wide in turn. */
export const five = <S extends Image, const F extends number>(
  x: Tensor<'float32', S>,
  name: string,
  filters: F,
) =>
  scope(name, () => {
    const first = leaky(leaky(x, ['narrow1', filters, 1]), ['wide1', 2 * filters, 3]);
    return leaky(leaky(leaky(first, ['narrow2', filters, 1]), ['wide2', 2 * filters, 3]), [
      'narrow3',
      filters,
      1,
    ]);
  });

export const yolov3 = () =>
  defineModel('yolov3', { image: tensor('float32', [1, 608, 608, 3]) }, ({ image }) => {
    const stem = leaky(image, ['stem', 32, 3]);
    const stage2 = stage(stage(stem, ['stage1', 64, 1]), ['stage2', 128, 2]);
    const stage3 = expectShape(stage(stage2, ['stage3', 256, 8]), [1, 76, 76, 256]);
    const stage4 = expectShape(stage(stage3, ['stage4', 512, 8]), [1, 38, 38, 512]);
    const stage5 = expectShape(stage(stage4, ['stage5', 1024, 4]), [1, 19, 19, 1024]);

    const large = five(stage5, 'large', 512);
    const atLarge = detect(large, ['large', 1024]);
    const toMedium = upsample(leaky(large, ['toMedium', 256, 1]));
    const medium = five(concat([toMedium, stage4]), 'medium', 256);
    const atMedium = detect(medium, ['medium', 512]);
    const toSmall = upsample(leaky(medium, ['toSmall', 128, 1]));
    const small = five(concat([toSmall, stage3]), 'small', 128);
    return { large: atLarge, medium: atMedium, small: detect(small, ['small', 256]) };
  });
