/**
 * Inception v3 (Szegedy et al. 2015, arXiv 1512.00567), as torchvision has it and without the auxiliary classifier,
 * which only training uses. The letters of the blocks are those of torchvision.
 */
import { defineModel, expectShape, scope, type Tensor, tensor } from 'millrace';
import { averagePool2d, concat, type Image, maxPool2d, relu } from 'millrace/layers';
import { pooledClassifier } from './blocks/classifier.ts';
import { convNorm } from './blocks/convolution.ts';

const half = { stride: 2, padding: 0 } as const;

/** Convolution, normalisation, ReLU; `half` for a stride of 2. */
const unit = <
  S extends Image,
  const F extends number,
  const K extends number | readonly [number, number],
  const T extends number = 1,
  const P extends number | 'same' = 'same',
>(
  x: Tensor<'float32', S>,
  [name, filters, kernel]: readonly [string, F, K],
  options: { readonly stride?: T; readonly padding?: P } = {},
) => relu(convNorm(x, { name, filters, kernel, ...options }, { epsilon: 0.001 }));

/** A mean of the neighbourhood, projected. */
const pooled = <S extends Image, const F extends number>(x: Tensor<'float32', S>, filters: F) =>
  unit(averagePool2d(x, { kernel: 3, stride: 1, padding: 1, includePadding: true }), ['pool', filters, 1]);

function blockA<S extends Image, const F extends number>(x: Tensor<'float32', S>, poolFilters: F) {
  const one = unit(x, ['one', 64, 1]);
  const five = unit(unit(x, ['five1', 48, 1]), ['five2', 64, 5]);
  const twice = unit(unit(unit(x, ['twice1', 64, 1]), ['twice2', 96, 3]), ['twice3', 96, 3]);
  return concat([one, five, twice, pooled(x, poolFilters)]);
}

/** Half the image. */
function blockB<S extends Image>(x: Tensor<'float32', S>) {
  const three = unit(x, ['three', 384, 3], half);
  const twice = unit(unit(unit(x, ['twice1', 64, 1]), ['twice2', 96, 3]), ['twice3', 96, 3], half);
  return concat([three, twice, maxPool2d(x, { kernel: 3, stride: 2 })]);
}

/** 7×7 convolutions in two steps: a row, then a column. */
function blockC<S extends Image, const W extends number>(x: Tensor<'float32', S>, width: W) {
  const one = unit(x, ['one', 192, 1]);
  const row = unit(unit(x, ['seven1', width, 1]), ['seven2', width, [1, 7]]);
  const seven = unit(row, ['seven3', 192, [7, 1]]);
  const first = unit(unit(unit(x, ['twice1', width, 1]), ['twice2', width, [7, 1]]), [
    'twice3',
    width,
    [1, 7],
  ]);
  const twice = unit(unit(first, ['twice4', width, [7, 1]]), ['twice5', 192, [1, 7]]);
  return concat([one, seven, twice, pooled(x, 192)]);
}

/** Half the image again. */
function blockD<S extends Image>(x: Tensor<'float32', S>) {
  const three = unit(unit(x, ['three1', 192, 1]), ['three2', 320, 3], half);
  const row = unit(unit(x, ['seven1', 192, 1]), ['seven2', 192, [1, 7]]);
  const seven = unit(unit(row, ['seven3', 192, [7, 1]]), ['seven4', 192, 3], half);
  return concat([three, seven, maxPool2d(x, { kernel: 3, stride: 2 })]);
}

/** Rows and columns side by side. */
function blockE<S extends Image>(x: Tensor<'float32', S>) {
  const one = unit(x, ['one', 320, 1]);
  const three = unit(x, ['three', 384, 1]);
  const twice = unit(unit(x, ['twice1', 448, 1]), ['twice2', 384, 3]);
  const wide = concat([unit(three, ['threeRow', 384, [1, 3]]), unit(three, ['threeColumn', 384, [3, 1]])]);
  const wider = concat([unit(twice, ['twiceRow', 384, [1, 3]]), unit(twice, ['twiceColumn', 384, [3, 1]])]);
  return concat([one, wide, wider, pooled(x, 192)]);
}

export const inceptionV3 = () =>
  defineModel('inception_v3', { image: tensor('float32', [1, 299, 299, 3]) }, ({ image }) => {
    const conv2 = unit(unit(image, ['conv1', 32, 3], half), ['conv2', 32, 3], { padding: 0 });
    const pool3 = maxPool2d(unit(conv2, ['conv3', 64, 3]), { kernel: 3, stride: 2 });
    const conv5 = unit(unit(pool3, ['conv4', 80, 1]), ['conv5', 192, 3], { padding: 0 });
    const stem = expectShape(maxPool2d(conv5, { kernel: 3, stride: 2 }), [1, 35, 35, 192]);

    const a1 = scope('a1', () => blockA(stem, 32));
    const a2 = scope('a2', () => blockA(a1, 64));
    const a3 = expectShape(
      scope('a3', () => blockA(a2, 64)),
      [1, 35, 35, 288],
    );
    const b = expectShape(
      scope('b', () => blockB(a3)),
      [1, 17, 17, 768],
    );
    const c1 = scope('c1', () => blockC(b, 128));
    const c2 = scope('c2', () => blockC(c1, 160));
    const c3 = scope('c3', () => blockC(c2, 160));
    const c4 = expectShape(
      scope('c4', () => blockC(c3, 192)),
      [1, 17, 17, 768],
    );
    const d = expectShape(
      scope('d', () => blockD(c4)),
      [1, 8, 8, 1280],
    );
    const e1 = scope('e1', () => blockE(d));
    const e2 = expectShape(
      scope('e2', () => blockE(e1)),
      [1, 8, 8, 2048],
    );
    return { probs: pooledClassifier(e2) };
  });
