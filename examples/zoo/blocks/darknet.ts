/**
 * What the YOLO networks share: Darknet's convolution, its pyramid of pools (He et al. 2014, arXiv 1406.4729), and the
 * head that boxes are read from, for the 80 classes of COCO. Branches are joined in Darknet's order, the last one first.
 */
import { init, sizeOf, sizes, type Tensor } from 'millrace';
import {
  concat,
  conv2d,
  type Image,
  leakyRelu,
  maxPool2d,
  mish,
  mul,
  reshape,
  resize,
  sigmoid,
  split,
  sub,
} from 'millrace/layers';
import { convNorm } from './convolution.ts';

/** Name, filters, kernel and, where it is not 1, stride: what a section of a `.cfg` says. */
type Row<F extends number, K extends 1 | 3, T extends 1 | 2> = readonly [string, F, K, T?];

/** Convolution, normalisation, activation. `scale` is that of the normalisation. */
const activated =
  (activation: <S extends Image>(x: Tensor<'float32', S>) => Tensor<'float32', S>) =>
  <S extends Image, const F extends number, const K extends 1 | 3, const T extends 1 | 2 = 1>(
    x: Tensor<'float32', S>,
    [name, filters, kernel, stride = 1 as T]: Row<F, K, T>,
    scale = 1,
  ) => {
    const padding = (kernel === 3 ? 1 : 0) as K extends 3 ? 1 : 0;
    return activation(convNorm(x, { name, filters, kernel, stride, padding }, { scale }));
  };

export const leaky = activated((x) => leakyRelu(x, 0.1));
export const mished = activated(mish);

export const upsample = <S extends Image>(x: Tensor<'float32', S>) => resize(x, { scale: 2 });

/** The largest neighbours in three sizes, beside the image itself. */
export function pyramid<S extends Image>(x: Tensor<'float32', S>) {
  const near = maxPool2d(x, { kernel: 5, stride: 1, padding: 'same' });
  const middle = maxPool2d(x, { kernel: 9, stride: 1, padding: 'same' });
  const far = maxPool2d(x, { kernel: 13, stride: 1, padding: 'same' });
  return concat([far, middle, near, x]);
}

/** x, y, width, height, objectness and classes for every anchor, not yet probabilities. */
export const boxes = <S extends Image, const A extends number>(
  x: Tensor<'float32', S>,
  name: string,
  anchors: A,
) => conv2d(x, { name, filters: sizes.times(85, anchors), kernel: 1, initializer: init.normal(0, 0.01) });

/** [1, N, N, C] → [1, N, N, 3, 85]: places, objectness and classes as numbers between 0 and 1. */
export function detect<const N extends number, const C extends number>(
  x: Tensor<'float32', [1, N, N, C]>,
  [name, filters, spread = 1]: readonly [string, number, number?],
) {
  const y = boxes(leaky(x, [`${name}.out`, filters, 3]), `${name}.boxes`, 3);
  const size = sizeOf(x, 1);
  const [place, extent, rest] = split(reshape(y, [1, size, size, 3, 85]), [2, 2, 81]);
  return concat([centred(sigmoid(place), spread), extent, sigmoid(rest)]);
}

/** Stretched about its middle, so that the edges of a cell are within reach. */
export const centred = <S extends [number, number, number, number, number]>(
  place: Tensor<'float32', S>,
  spread: number,
) => (spread === 1 ? place : sub(mul(place, spread), (spread - 1) / 2));
