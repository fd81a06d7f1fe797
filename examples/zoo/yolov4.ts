/**
 * YOLOv4 (Bochkovskiy et al. 2020, arXiv 2004.10934), layer by layer as in Darknet's `yolov4.cfg`: a backbone of
 * cross-stage partial stages, and two ways between the scales, from coarse to fine and back.
 */
import { defineModel, expectShape, tensor } from 'millrace';
import { concat } from 'millrace/layers';
import { cspStage } from './blocks/csp.ts';
import { detect, leaky, mished, pyramid, upsample } from './blocks/darknet.ts';
import { five } from './yolov3.ts';

export const yolov4 = () =>
  defineModel('yolov4', { image: tensor('float32', [1, 608, 608, 3]) }, ({ image }) => {
    const stem = mished(image, ['stem', 32, 3]);
    const stage1 = cspStage(stem, ['stage1', 1], { filters: 64, part: 64, inner: 32 });
    const stage2 = cspStage(stage1, ['stage2', 2], { filters: 128, part: 64, inner: 64 });
    const stage3 = cspStage(stage2, ['stage3', 8], { filters: 256, part: 128, inner: 128 });
    const stage4 = cspStage(stage3, ['stage4', 8], { filters: 512, part: 256, inner: 256 });
    const stage5 = cspStage(stage4, ['stage5', 4], { filters: 1024, part: 512, inner: 512 });

    const before = leaky(leaky(leaky(stage5, ['top1', 512, 1]), ['top2', 1024, 3]), ['top3', 512, 1]);
    const after = leaky(leaky(pyramid(before), ['top4', 512, 1]), ['top5', 1024, 3]);
    const top = expectShape(leaky(after, ['top6', 512, 1]), [1, 19, 19, 512]);

    const toMiddle = upsample(leaky(top, ['toMiddle', 256, 1]));
    const fromStage4 = leaky(stage4, ['fromStage4', 256, 1]);
    const middle = five(concat([fromStage4, toMiddle]), 'middle', 256);
    const toSmall = upsample(leaky(middle, ['toSmall', 128, 1]));
    const fromStage3 = leaky(stage3, ['fromStage3', 128, 1]);
    const small = five(concat([fromStage3, toSmall]), 'small', 128);
    const atSmall = detect(small, ['small', 256, 1.2]);
    const medium = five(concat([leaky(small, ['toMedium', 256, 3, 2]), middle]), 'medium', 256);
    const atMedium = detect(medium, ['medium', 512, 1.1]);
    const large = five(concat([leaky(medium, ['toLarge', 512, 3, 2]), top]), 'large', 512);
    return { small: atSmall, medium: atMedium, large: detect(large, ['large', 1024, 1.05]) };
  });
