/**
 * The networks that a device is timed on. Each kernel family appears at shapes that differ in what its time may depend
 * on: operations, bytes, bytes of weights. Its steps take from a few microseconds to some milliseconds. Weights are made
 * up.
 */
import {
  add,
  averagePool2d,
  batchNorm,
  concat,
  conv2d,
  convTranspose2d,
  defineModel,
  dense,
  depthwiseConv2d,
  type FloatTensor,
  globalAveragePool,
  instanceNorm,
  localResponseNorm,
  type Model,
  matmul,
  maxPool2d,
  mul,
  type Port,
  reduceMax,
  resize,
  sigmoid,
  softmax,
  tensor,
  transpose,
} from '../../compiler/model/index.ts';

interface Case {
  readonly shape: readonly number[];
  readonly make: (x: FloatTensor) => FloatTensor;
}

/** One network with an input and an output for each case. */
function networkOf(name: string, cases: readonly Case[]): Model {
  const inputs: Record<string, Port<'float32', number[]>> = {};
  for (const [n, { shape }] of cases.entries()) inputs[`x${n}`] = tensor('float32', [...shape]);
  return defineModel(name, inputs, (given) => {
    const outputs: Record<string, FloatTensor> = {};
    for (const [n, { make }] of cases.entries()) outputs[`y${n}`] = make(given[`x${n}`] as FloatTensor);
    return outputs;
  });
}

const image = (size: number, channels: number): readonly number[] => [1, size, size, channels];

const convolution = (size: number, channels: number, filters: number, kernel: number, stride = 1): Case => ({
  shape: image(size, channels),
  make: (x) => conv2d(x, { filters, kernel, stride, padding: 'same' }) as FloatTensor,
});

const depthwise = (size: number, channels: number, kernel: number, stride = 1): Case => ({
  shape: image(size, channels),
  make: (x) => depthwiseConv2d(x, { kernel, stride, padding: 'same' }) as FloatTensor,
});

const product = (rows: number, channels: number, units: number): Case => ({
  shape: [rows, channels],
  make: (x) => dense(x, { units }) as FloatTensor,
});

const on = (shapes: readonly (readonly number[])[], make: Case['make']): Case[] =>
  shapes.map((shape) => ({ shape, make }));

const small = image(14, 32);
const medium = image(28, 128);
const large = image(56, 256);

export const calibrationNetworks = (): Model[] => [
  networkOf('convolutions', [
    convolution(56, 64, 64, 3),
    convolution(28, 128, 128, 3),
    convolution(14, 256, 256, 3),
    convolution(7, 512, 256, 3),
    convolution(112, 16, 32, 3),
    convolution(112, 3, 32, 3, 2),
    convolution(112, 3, 64, 7, 2),
    convolution(28, 96, 96, 5),
    convolution(14, 32, 32, 3),
    convolution(7, 32, 48, 3),
    convolution(56, 64, 256, 1),
    convolution(28, 256, 128, 1),
    convolution(14, 1024, 256, 1),
    convolution(7, 512, 1024, 1),
    convolution(14, 64, 64, 1),
    convolution(56, 128, 128, 1, 2),
  ]),
  networkOf('depthwise', [
    depthwise(112, 32, 3),
    depthwise(56, 96, 3, 2),
    depthwise(28, 192, 3),
    depthwise(14, 576, 5),
    depthwise(7, 960, 3),
  ]),
  networkOf('products', [
    product(1, 256, 256),
    product(1, 1024, 1000),
    product(1, 4096, 1024),
    product(1, 1024, 4096),
    product(16, 256, 256),
    product(64, 256, 512),
    product(128, 768, 768),
    ...[16, 64, 128].map(
      (size): Case => ({
        shape: [8, size, 64],
        make: (x) => matmul(x, transpose(x, [0, 2, 1])) as FloatTensor,
      }),
    ),
  ]),
  networkOf('elements', [
    ...on([small, medium, large], (x) => sigmoid(x)),
    ...on([small, medium, large], (x) => add(x, x) as FloatTensor),
    ...on([small, medium, large], (x) => mul(x, sigmoid(x)) as FloatTensor),
    ...on([small, medium, large], (x) => batchNorm(sigmoid(x))),
    ...on([small, medium, large], (x) => softmax(x)),
    ...on([small, medium, large], (x) => instanceNorm(x)),
    ...on([small, medium, large], (x) => localResponseNorm(x, { size: 5 })),
  ]),
  networkOf('windows', [
    ...on(
      [small, medium, large],
      (x) => maxPool2d(x, { kernel: 3, stride: 2, padding: 'same' }) as FloatTensor,
    ),
    ...on([small, medium, large], (x) => averagePool2d(x, { kernel: 2, stride: 2 }) as FloatTensor),
    ...on([small, medium, large], (x) => globalAveragePool(x) as FloatTensor),
    ...on([small, medium, large], (x) => reduceMax(x, -1) as FloatTensor),
    ...on([small, medium], (x) => resize(x, { scale: 2 }) as FloatTensor),
    ...on(
      [small, image(14, 128), image(28, 64)],
      (x) => convTranspose2d(x, { filters: 32, kernel: 2, stride: 2 }) as FloatTensor,
    ),
  ]),
  networkOf('copies', [
    ...on([small, medium, large], (x) => transpose(x, [0, 3, 1, 2]) as FloatTensor),
    ...on([small, medium, large], (x) => concat([x, sigmoid(x)], -1) as FloatTensor),
  ]),
];

/**
 * A value that is held from the first layer to the last keeps the arena as large as those of real networks. Systems give
 * large pages to large arenas, and disks read into those several times as fast.
 */
const HELD = [1024, 1024];

const chain = (name: string, shape: readonly number[], layers: number, layer: Case['make']): Model =>
  defineModel(
    name,
    { x: tensor('float32', [...shape]), held: tensor('float32', [...HELD]) },
    ({ x, held }) => {
      let y = x as FloatTensor;
      for (let n = 0; n < layers; n++) y = layer(y);
      return { y, held: sigmoid(held as FloatTensor) };
    },
  );

/** Bound by their reads, in segments of 128 KiB, 512 KiB and about 1 MiB. */
export const readingNetworks = (): Model[] =>
  [2, 8, 16].map((layers) =>
    chain(`reads-${layers}`, [1, 1024], layers, (x) => dense(x, { units: 1024 }) as FloatTensor),
  );

/** Of one layer of either, about. */
export const BALANCED_LAYER_BYTES = 2.36e6;

/** With as much to compute as to read; 40 layers are more than caches hold, where resident weights would stay. */
export const balancedNetworks = (layers: number): Model[] => [
  chain(
    'convolutions-and-reads',
    image(14, 256),
    layers,
    (x) => conv2d(x, { filters: 256, kernel: 3, padding: 'same' }) as FloatTensor,
  ),
  chain(
    'products-and-reads',
    image(14, 768),
    layers,
    (x) => conv2d(x, { filters: 768, kernel: 1 }) as FloatTensor,
  ),
];
