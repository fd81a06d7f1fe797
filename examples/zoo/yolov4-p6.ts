/**
 * Scaled-YOLOv4-P6 (Wang et al. 2020, arXiv 2011.08036), layer by layer as in Darknet's `yolov4-p6.cfg`: a scale more
 * than YOLOv4, and cross-stage partial blocks between the scales too. The largest network here: 487 MiB.
 */
import { defineModel, expectShape, scope, sizeOf, type Tensor, tensor } from 'millrace';
import { concat, type Image, reshape, sigmoid, split } from 'millrace/layers';
import { cspStage } from './blocks/csp.ts';
import { boxes, centred, mished, pyramid, upsample } from './blocks/darknet.ts';

/** Six convolutions on one half of the channels. */
const fuse = <S extends Image, const F extends number>(x: Tensor<'float32', S>, name: string, filters: F) =>
  scope(name, () => {
    const begin = mished(x, ['begin', filters, 1]);
    const around = mished(begin, ['around', filters, 1]);
    let y = begin;
    for (let n = 1; n <= 3; n++) y = mished(mished(y, [`narrow${n}`, filters, 1]), [`wide${n}`, filters, 3]);
    return mished(concat([y, around]), ['join', filters, 1]);
  });

/** The pyramid of pools on one half of the channels. */
const pooled = <S extends Image>(x: Tensor<'float32', S>) =>
  scope('top', () => {
    const around = mished(x, ['around', 512, 1]);
    const through = mished(mished(mished(x, ['conv1', 512, 1]), ['conv2', 512, 3]), ['conv3', 512, 1]);
    const y = mished(mished(pyramid(through), ['conv4', 512, 1]), ['conv5', 512, 3]);
    return mished(concat([y, around]), ['join', 512, 1]);
  });

/** All numbers are logistic before they are taken apart. */
function head<const N extends number>(
  x: Tensor<'float32', [1, N, N, number]>,
  name: string,
  filters: number,
) {
  const y = sigmoid(boxes(mished(x, [`${name}.out`, filters, 3]), `${name}.boxes`, 4));
  const size = sizeOf(x, 1);
  const [place, rest] = split(reshape(y, [1, size, size, 4, 85]), [2, 83]);
  return concat([centred(place, 2), rest]);
}

export const yolov4P6 = () =>
  defineModel('yolov4_p6', { image: tensor('float32', [1, 640, 640, 3]) }, ({ image }) => {
    const stem = mished(image, ['stem', 32, 3]);
    const stage1 = cspStage(stem, ['stage1', 1], { filters: 64, part: 32, inner: 32 });
    const stage2 = cspStage(stage1, ['stage2', 3], { filters: 128, part: 64, inner: 64 });
    const stage3 = cspStage(stage2, ['stage3', 15], { filters: 256, part: 128, inner: 128 });
    const stage4 = cspStage(stage3, ['stage4', 15], { filters: 512, part: 256, inner: 256 });
    const stage5 = cspStage(stage4, ['stage5', 7], { filters: 1024, part: 512, inner: 512 });
    const stage6 = cspStage(stage5, ['stage6', 7], { filters: 1024, part: 512, inner: 512 });
    const top = expectShape(pooled(stage6), [1, 10, 10, 512]);

    const to5 = upsample(mished(top, ['to5', 512, 1]));
    const up5 = fuse(concat([mished(stage5, ['from5', 512, 1]), to5]), 'up5', 512);
    const to4 = upsample(mished(up5, ['to4', 256, 1]));
    const up4 = fuse(concat([mished(stage4, ['from4', 256, 1]), to4]), 'up4', 256);
    const to3 = upsample(mished(up4, ['to3', 128, 1]));
    const p3 = expectShape(
      fuse(concat([mished(stage3, ['from3', 128, 1]), to3]), 'p3', 128),
      [1, 80, 80, 128],
    );
    const p4 = fuse(concat([mished(p3, ['down4', 256, 3, 2]), up4]), 'p4', 256);
    const p5 = fuse(concat([mished(p4, ['down5', 512, 3, 2]), up5]), 'p5', 512);
    const p6 = fuse(concat([mished(p5, ['down6', 512, 3, 2]), top]), 'p6', 512);
    return {
      p3: head(p3, 'p3', 256),
      p4: head(p4, 'p4', 512),
      p5: head(p5, 'p5', 1024),
      p6: head(p6, 'p6', 1024),
    };
  });
