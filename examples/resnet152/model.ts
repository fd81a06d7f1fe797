/**
 * ResNet-152 (He et al. 2015, arXiv 1512.03385): 60.2 million parameters, 230 MB. The weights are seeded, so the
 * example needs no download; its memory and its delay are those of the trained network.
 */
import {
  add,
  batchNorm,
  constant,
  conv2d,
  defineModel,
  dense,
  globalAveragePool,
  maxPool,
  normal,
  relu,
  scope,
  softmax,
  type Tensor,
  tensor,
} from 'millrace';

interface ConvNormOptions {
  readonly name: string;
  readonly filters: number;
  readonly kernel: number;
  readonly strides?: number;
  /** Initial scale of the normalisation. */
  readonly scale?: number;
}

/** A convolution without bias, normalised. Weights file and paper count the two as one layer. */
function convNorm(x: Tensor, { name, filters, kernel, strides = 1, scale = 1 }: ConvNormOptions): Tensor {
  const padding = (kernel - 1) / 2;
  const y = conv2d(x, { name, filters, kernel, strides, padding, bias: false });
  return batchNorm(y, { name: `${name}.norm`, scale: constant(scale) });
}

/**
 * 1×1 down, 3×3, 1×1 up, around a shortcut. The last scale is small, as training from a small one leaves it: the
 * sum of fifty branches of random weights stays in range.
 */
function bottleneck(x: Tensor, width: number, strides: number): Tensor {
  const filters = 4 * width;
  const shortcut =
    x.dim(-1) === filters && strides === 1
      ? x
      : convNorm(x, { name: 'shortcut', filters, kernel: 1, strides });
  const down = relu(convNorm(x, { name: 'down', filters: width, kernel: 1 }));
  const mid = relu(convNorm(down, { name: 'mid', filters: width, kernel: 3, strides }));
  const up = convNorm(mid, { name: 'up', filters, kernel: 1, scale: 0.2 });
  return relu(add(up, shortcut));
}

const stages = [
  { blocks: 3, width: 64 },
  { blocks: 8, width: 128 },
  { blocks: 36, width: 256 },
  { blocks: 3, width: 512 },
];

export default defineModel('resnet152', { image: tensor('float32', [1, 224, 224, 3]) }, ({ image }) => {
  let x = relu(convNorm(image, { name: 'stem', filters: 64, kernel: 7, strides: 2 }));
  x = maxPool(x, { kernel: 3, strides: 2, padding: 1 });
  for (const [s, { blocks, width }] of stages.entries())
    for (let block = 0; block < blocks; block++)
      x = scope(`stage${s + 1}.block${block + 1}`, () => bottleneck(x, width, s > 0 && block === 0 ? 2 : 1));
  const logits = dense(globalAveragePool(x), {
    name: 'classifier',
    units: 1000,
    initializer: normal(0, 0.01),
  });
  return { probs: softmax(logits) };
});
