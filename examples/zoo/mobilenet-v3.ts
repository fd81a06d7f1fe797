/** MobileNet v3 (Howard et al. 2019, arXiv 1905.02244), as torchvision has it: blocks found by search, in two tables. */
import { defineModel, expectShape, scope, tensor } from 'millrace';
import { dense, globalAveragePool, hardSigmoid, hardSwish, relu } from 'millrace/layers';
import { classifier } from './blocks/classifier.ts';
import { convNorm } from './blocks/convolution.ts';
import { excite, type Images, inverted } from './blocks/inverted.ts';

/** Kernel, width in the middle, filters, gates for the channels, activation, stride: a row of the paper's tables. */
type Row = readonly [number, number, number, 'SE' | '-', 'RE' | 'HS', 1 | 2];

const large: readonly Row[] = [
  [3, 16, 16, '-', 'RE', 1],
  [3, 64, 24, '-', 'RE', 2],
  [3, 72, 24, '-', 'RE', 1],
  [5, 72, 40, 'SE', 'RE', 2],
  [5, 120, 40, 'SE', 'RE', 1],
  [5, 120, 40, 'SE', 'RE', 1],
  [3, 240, 80, '-', 'HS', 2],
  [3, 200, 80, '-', 'HS', 1],
  [3, 184, 80, '-', 'HS', 1],
  [3, 184, 80, '-', 'HS', 1],
  [3, 480, 112, 'SE', 'HS', 1],
  [3, 672, 112, 'SE', 'HS', 1],
  [5, 672, 160, 'SE', 'HS', 2],
  [5, 960, 160, 'SE', 'HS', 1],
  [5, 960, 160, 'SE', 'HS', 1],
];

const small: readonly Row[] = [
  [3, 16, 16, 'SE', 'RE', 2],
  [3, 72, 24, '-', 'RE', 2],
  [3, 88, 24, '-', 'RE', 1],
  [5, 96, 40, 'SE', 'HS', 2],
  [5, 240, 40, 'SE', 'HS', 1],
  [5, 240, 40, 'SE', 'HS', 1],
  [5, 120, 48, 'SE', 'HS', 1],
  [5, 144, 48, 'SE', 'HS', 1],
  [5, 288, 96, 'SE', 'HS', 2],
  [5, 576, 96, 'SE', 'HS', 1],
  [5, 576, 96, 'SE', 'HS', 1],
];

const epsilon = 0.001;

/** A quarter, as the nearest multiple of eight that is not more than a tenth below. */
function squeezed(width: number): number {
  const nearest = Math.max(8, 8 * Math.round(width / 32));
  return nearest < 0.9 * (width / 4) ? nearest + 8 : nearest;
}

function features(image: Images, rows: readonly Row[]): Images {
  const stem = { name: 'stem', filters: 16, kernel: 3, stride: 2, padding: 1 };
  let x: Images = hardSwish(convNorm(image, stem, { epsilon }));
  for (const [n, [kernel, width, filters, gates, kind, stride]] of rows.entries()) {
    const activation = kind === 'RE' ? relu : hardSwish;
    const excited = (y: Images): Images => excite(y, squeezed(width), relu, (z) => hardSigmoid(z));
    const gate = gates === 'SE' ? excited : undefined;
    const scale = gates === 'SE' ? 1.6 : 0.5;
    const block = { kernel, width, filters, stride, activation, gate, epsilon, scale };
    x = scope(`block${n + 1}`, () => inverted(x, block));
  }
  return hardSwish(convNorm(x, { name: 'top', filters: 6 * x.dim(-1), kernel: 1 }, { epsilon }));
}

const image = tensor('float32', [1, 224, 224, 3]);

export const mobilenetV3Large = () =>
  defineModel('mobilenet_v3_large', { image }, ({ image }) => {
    const pooled = globalAveragePool(expectShape(features(image, large), [1, 7, 7, 960]));
    return { probs: classifier(hardSwish(dense(pooled, { name: 'hidden', units: 1280 }))) };
  });

export const mobilenetV3Small = () =>
  defineModel('mobilenet_v3_small', { image }, ({ image }) => {
    const pooled = globalAveragePool(expectShape(features(image, small), [1, 7, 7, 576]));
    return { probs: classifier(hardSwish(dense(pooled, { name: 'hidden', units: 1024 }))) };
  });
