/**
 * ResNet-152 (He et al. 2015, arXiv 1512.03385): 60.2 million parameters, 230 MB. The weights are seeded, so the
 * example needs no download; its memory and its delay are those of the trained network.
 */
import {
  add,
  batchNorm,
  conv2d,
  defineModel,
  dense,
  expectShapeOf,
  filled,
  globalAveragePool,
  type Image,
  maxPool2d,
  normal,
  relu,
  scope,
  softmax,
  type Tensor,
  tensor,
  times,
} from 'millrace';

/** A convolution without bias, normalised. Weights file and paper count the two as one layer. */
function convNorm<S extends Image, const F extends number, K extends 1 | 3 | 7, T extends 1 | 2>(
  x: Tensor<'float32', S>,
  [filters, kernel, stride]: readonly [F, K, T],
  { name, scale = 1 }: { readonly name: string; readonly scale?: number },
) {
  const y = conv2d(x, { name, filters, kernel, stride, padding: 'same', bias: false });
  return batchNorm(y, { name: `${name}.norm`, initializer: filled(scale) });
}

/**
 * 1×1 down, 3×3, 1×1 up, around a shortcut. The last scale is small, as training from a small one leaves it: the
 * sum of fifty branches of random weights stays in range.
 */
function bottleneck<S extends Image, W extends number, T extends 1 | 2>(
  x: Tensor<'float32', S>,
  width: W,
  stride: T,
) {
  const filters = times(4, width);
  const down = relu(convNorm(x, [width, 1, 1], { name: 'down' }));
  const mid = relu(convNorm(down, [width, 3, stride], { name: 'mid' }));
  const up = convNorm(mid, [filters, 1, 1], { name: 'up', scale: 0.2 });
  const same = x.dim(-1) === filters && stride === 1;
  const shortcut = same ? x : convNorm(x, [filters, 1, stride], { name: 'shortcut' });
  return relu(add(up, expectShapeOf(shortcut, up)));
}

/** Blocks of which the first may halve the image. */
function stage<S extends Image, const W extends number, T extends 1 | 2>(
  x: Tensor<'float32', S>,
  [name, blocks, width, stride]: readonly [string, number, W, T],
) {
  let y = scope(`${name}.block1`, () => bottleneck(x, width, stride));
  for (let block = 2; block <= blocks; block++)
    y = scope(`${name}.block${block}`, () => expectShapeOf(bottleneck(y, width, 1), y));
  return y;
}

export default defineModel('resnet152', { image: tensor('float32', [1, 224, 224, 3]) }, ({ image }) => {
  const stem = relu(convNorm(image, [64, 7, 2], { name: 'stem' }));
  const stage1 = stage(maxPool2d(stem, { kernel: 3, stride: 2, padding: 'same' }), ['stage1', 3, 64, 1]);
  const stage2 = stage(stage1, ['stage2', 8, 128, 2]);
  const stage3 = stage(stage2, ['stage3', 36, 256, 2]);
  const stage4 = stage(stage3, ['stage4', 3, 512, 2]);
  const logits = dense(globalAveragePool(stage4), {
    name: 'classifier',
    units: 1000,
    initializer: normal(0, 0.01),
  });
  return { probs: softmax(logits) };
});
