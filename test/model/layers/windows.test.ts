/** Windows, pools, normalisation: numbers worked out by hand. */
import {
  averagePool2d,
  batchNorm,
  conv1d,
  conv2d,
  convTranspose2d,
  depthwiseConv2d,
  globalAveragePool,
  globalMaxPool,
  groupNorm,
  instanceNorm,
  layerNorm,
  localResponseNorm,
  maxPool1d,
  maxPool2d,
  resize,
  rmsNorm,
} from 'millrace';
import { assertNear, input, valuesOf } from './run-layer.ts';

const four = input([1, 2, 2, 1], [1, 2, 3, 4]);
const pairs = input([2, 2], [1, 2, 3, 4]);

describe('layers: windows', () => {
  it('convolutions', () => {
    const weights = { 'conv.weight': [1, 10, 100, 1000], 'conv.bias': [0.5] };
    assertNear(
      valuesOf(four, (x) => conv2d(x, { filters: 1, kernel: 2 }), weights),
      [4321.5],
    );
    const same = valuesOf(four, (x) => conv2d(x, { filters: 1, kernel: 2, padding: 'same' }), weights);
    assertNear(same, [4321.5, 402.5, 43.5, 4.5]);
    const strided = { filters: 1, kernel: 2, stride: 2, padding: [1, 1, 0, 0] } as const;
    assertNear(
      valuesOf(four, (x) => conv2d(x, strided), weights),
      [1000.5],
    );
    const line = input([1, 3, 1], [1, 2, 3]);
    const taps = { 'conv.weight': [1, 10], 'conv.bias': [0] };
    assertNear(
      valuesOf(line, (x) => conv1d(x, { filters: 1, kernel: 2 }), taps),
      [21, 32],
    );
    assertNear(
      valuesOf(line, (x) => conv1d(x, { filters: 1, kernel: 2, dilation: 2 }), taps),
      [31],
    );
    const depth = { 'depthwise.weight': [2, 3] };
    const two = input([1, 1, 1, 2], [5, 7]);
    assertNear(
      valuesOf(two, (x) => depthwiseConv2d(x, { kernel: 1, bias: false }), depth),
      [10, 21],
    );
    const up = { 'convTranspose.weight': [1, 10, 100, 1000] };
    const one = input([1, 1, 1, 1], [2]);
    assertNear(
      valuesOf(one, (x) => convTranspose2d(x, { filters: 1, kernel: 2, bias: false }), up),
      [2, 20, 200, 2000],
    );
  });

  it('pools and resizing', () => {
    assertNear(
      valuesOf(four, (x) => maxPool2d(x, { kernel: 2 })),
      [4],
    );
    assertNear(
      valuesOf(four, (x) => averagePool2d(x, { kernel: 2 })),
      [2.5],
    );
    const around = { kernel: 2, stride: 2, padding: 1 } as const;
    assertNear(
      valuesOf(four, (x) => averagePool2d(x, around)),
      [1, 2, 3, 4],
    );
    const counted = { ...around, includePadding: true } as const;
    assertNear(
      valuesOf(four, (x) => averagePool2d(x, counted)),
      [0.25, 0.5, 0.75, 1],
    );
    assertNear(
      valuesOf(input([1, 3, 1], [1, 3, 2]), (x) => maxPool1d(x, { kernel: 2, stride: 1 })),
      [3, 3],
    );
    assertNear(
      valuesOf(four, (x) => globalAveragePool(x)),
      [2.5],
    );
    assertNear(
      valuesOf(four, (x) => globalMaxPool(x, { keepDims: true })),
      [4],
    );
    assertNear(
      valuesOf(four, (x) => resize(x, { size: [2, 4] })),
      [1, 1, 2, 2, 3, 3, 4, 4],
    );
    const corners = { size: [3, 3], mode: 'linear', coordinates: 'align_corners' } as const;
    assertNear(
      valuesOf(four, (x) => resize(x, corners)),
      [1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4],
    );
  });
});

describe('layers: normalisation', () => {
  it('by stored statistics', () => {
    const weights = {
      'batchNorm.weight': [2, 3],
      'batchNorm.bias': [1, 0],
      'batchNorm.running_mean': [1, 2],
      'batchNorm.running_var': [4, 1],
    };
    assertNear(
      valuesOf(pairs, (x) => batchNorm(x, { epsilon: 0 }), weights),
      [1, 0, 3, 6],
    );
  });

  it('by those of the row, the image, the group, the neighbours', () => {
    const u = 1 / Math.sqrt(1.25);
    const row = input([1, 4], [1, 2, 3, 4]);
    assertNear(
      valuesOf(row, (x) => layerNorm(x, { epsilon: 0 })),
      [-1.5 * u, -0.5 * u, 0.5 * u, 1.5 * u],
    );
    const root = Math.sqrt(7.5);
    assertNear(
      valuesOf(row, (x) => rmsNorm(x, { epsilon: 0 })),
      [1 / root, 2 / root, 3 / root, 4 / root],
    );
    const image = input([1, 4, 1, 1], [1, 2, 3, 4]);
    assertNear(
      valuesOf(image, (x) => instanceNorm(x, { epsilon: 0 })),
      [-1.5 * u, -0.5 * u, 0.5 * u, 1.5 * u],
    );
    // Two pixels of four channels; the groups are 1 2 1 2 and 10 30 10 30.
    const grouped = input([1, 2, 1, 4], [1, 2, 10, 30, 1, 2, 10, 30]);
    assertNear(
      valuesOf(grouped, (x) => groupNorm(x, { groups: 2, epsilon: 0 })),
      [-1, 1, -1, 1, -1, 1, -1, 1],
    );
    const response = localResponse(2);
    assertNear(
      valuesOf(input([1, 1, 1, 1], [2]), (x) => localResponseNorm(x, { size: 1, alpha: 1, beta: 1 })),
      [response],
    );
  });
});
const localResponse = (x: number): number => x / (1 + x * x);
