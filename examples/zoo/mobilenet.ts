/**
 * MobileNet v1 (Howard et al. 2017, arXiv 1704.04861) with Keras' padding, and v2 (Sandler et al. 2018, arXiv
 * 1801.04381) with torchvision's: convolutions over one channel at a time, and 1×1 ones to mix them.
 */
import { defineModel, expectShape, scope, tensor } from 'millrace';
import { relu6 } from 'millrace/layers';
import { pooledClassifier } from './blocks/classifier.ts';
import { convNorm, depthwiseNorm } from './blocks/convolution.ts';
import { type Images, inverted } from './blocks/inverted.ts';

const image = tensor('float32', [1, 224, 224, 3]);

/** Filters and stride of each pair of depthwise and pointwise convolution. */
const pairs = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
] as const;

export const mobilenetV1 = () =>
  defineModel('mobilenet_v1', { image }, ({ image }) => {
    const norm = { epsilon: 0.001 };
    let x: Images = relu6(convNorm(image, { name: 'stem', filters: 32, kernel: 3, stride: 2 }, norm));
    for (const [n, [filters, stride]] of pairs.entries())
      x = scope(`block${n + 1}`, () => {
        const y = relu6(depthwiseNorm(x, { name: 'depthwise', kernel: 3, stride }, norm));
        return relu6(convNorm(y, { name: 'pointwise', filters, kernel: 1 }, norm));
      });
    return { probs: pooledClassifier(expectShape(x, [1, 7, 7, 1024])) };
  });

/** Expansion, filters, blocks, stride of the first: table 2 of the paper. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

export const mobilenetV2 = () =>
  defineModel('mobilenet_v2', { image }, ({ image }) => {
    let x: Images = relu6(convNorm(image, { name: 'stem', filters: 32, kernel: 3, stride: 2, padding: 1 }));
    for (const [s, [expansion, filters, blocks, first]] of stages.entries())
      for (let block = 1; block <= blocks; block++) {
        const width = expansion * x.dim(-1);
        const stride = block === 1 ? first : 1;
        x = scope(`stage${s + 1}.block${block}`, () =>
          inverted(x, { kernel: 3, width, filters, stride, activation: relu6, scale: 0.5 }),
        );
      }
    const top = expectShape(x, [1, 7, 7, 320]);
    return { probs: pooledClassifier(relu6(convNorm(top, { name: 'top', filters: 1280, kernel: 1 }))) };
  });
