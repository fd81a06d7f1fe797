/** EfficientNet-B0 (Tan and Le 2019, arXiv 1905.11946), as torchvision has it: table 1 of the paper. */
import { defineModel, expectShape, scope, tensor } from 'millrace';
import { silu } from 'millrace/layers';
import { pooledClassifier } from './blocks/classifier.ts';
import { convNorm } from './blocks/convolution.ts';
import { excite, type Images, inverted } from './blocks/inverted.ts';

/** Expansion, kernel, filters, blocks, stride of the first. */
const stages = [
  [1, 3, 16, 1, 1],
  [6, 3, 24, 2, 2],
  [6, 5, 40, 2, 2],
  [6, 3, 80, 3, 2],
  [6, 5, 112, 3, 1],
  [6, 5, 192, 4, 2],
  [6, 3, 320, 1, 1],
] as const;

export const efficientnetB0 = () =>
  defineModel('efficientnet_b0', { image: tensor('float32', [1, 224, 224, 3]) }, ({ image }) => {
    let x: Images = silu(convNorm(image, { name: 'stem', filters: 32, kernel: 3, stride: 2, padding: 1 }));
    for (const [s, [expansion, kernel, filters, blocks, first]] of stages.entries())
      for (let block = 1; block <= blocks; block++) {
        const channels = x.dim(-1);
        const stride = block === 1 ? first : 1;
        // A quarter of what comes into the block, not of its middle.
        const gate = (y: Images): Images => excite(y, channels / 4, silu);
        x = scope(`stage${s + 1}.block${block}`, () =>
          inverted(x, {
            kernel,
            width: expansion * channels,
            filters,
            stride,
            activation: silu,
            gate,
            scale: 1.7,
          }),
        );
      }
    const top = expectShape(x, [1, 7, 7, 320]);
    return { probs: pooledClassifier(silu(convNorm(top, { name: 'top', filters: 1280, kernel: 1 }))) };
  });
