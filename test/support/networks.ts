/** Small networks of the kinds people run, with seeded weights. Between them they use most ops and every kind of weight. */
import {
  add,
  averagePool1d,
  averagePool2d,
  batchNorm,
  clip,
  concat,
  conv1d,
  conv2d,
  convTranspose2d,
  defineModel,
  dense,
  depthToSpace,
  depthwiseConv2d,
  div,
  erf,
  type FloatTensor,
  flatten,
  gelu,
  globalAveragePool,
  hardSigmoid,
  hardSwish,
  init,
  instanceNorm,
  leakyRelu,
  localResponseNorm,
  logSoftmax,
  type Model,
  matmul,
  maxPool2d,
  mish,
  mul,
  pad,
  reduceMean,
  relu,
  reshape,
  resize,
  scope,
  sigmoid,
  silu,
  slice,
  softmax,
  split,
  sqrt,
  sub,
  tanh,
  tensor,
  transpose,
} from '../../compiler/index.ts';

const spread = init.normal(0, 0.2);

function residualBlock(x: FloatTensor, filters: number, strides: number): FloatTensor {
  const conv = (y: FloatTensor, kernel: number, s: number) =>
    batchNorm(conv2d(y, { filters, kernel, stride: s, padding: 'same', bias: false }), {
      initializer: init.normal(1, 0.1),
    });
  const shortcut = strides === 1 && x.dim(-1) === filters ? x : conv(x, 1, strides);
  return relu(add(conv(relu(conv(x, 3, strides)), 3, 1), shortcut));
}

function invertedResidual(x: FloatTensor, expand: number, filters: number): FloatTensor {
  let y: FloatTensor = hardSwish(batchNorm(conv2d(x, { filters: expand, kernel: 1 })));
  y = hardSwish(batchNorm(depthwiseConv2d(y, { kernel: 5, padding: 'same' })));
  const squeezed = reduceMean(y, [1, 2]);
  const gate = hardSigmoid(
    conv2d(relu(conv2d(squeezed, { filters: 4, kernel: 1 })), { filters: expand, kernel: 1 }),
  );
  y = batchNorm(conv2d(mul(y, gate), { filters, kernel: 1 }));
  return x.dim(-1) === filters ? add(x, y) : y;
}

/** Normalisation over the last axis, as exporters write it out. */
function layerNorm(x: FloatTensor): FloatTensor {
  const centred = sub(x, reduceMean(x, [-1]));
  const variance = reduceMean(mul(centred, centred), [-1]);
  return div(centred, sqrt(add(variance, 1e-5)));
}

function attention(x: FloatTensor, heads: number): FloatTensor {
  const [n, length, width] = x.shape as [number, number, number];
  const perHead = (y: FloatTensor) => transpose(reshape(y, [n, length, heads, width / heads]), [0, 2, 1, 3]);
  const [q, k, v] = split(dense(x, { units: 3 * width, initializer: spread }), [width, width, width]).map(
    perHead,
  );
  const weights = softmax(mul(matmul(q!, k!, { transB: true }), 1 / Math.sqrt(width / heads)));
  const joined = reshape(transpose(matmul(weights, v!), [0, 2, 1, 3]), [n, length, width]);
  return add(x, dense(joined, { units: width, initializer: spread }));
}

export const networks: Readonly<Record<string, () => Model>> = {
  residual: () =>
    defineModel('residual', { image: tensor('float32', [1, 19, 21, 3]) }, ({ image }) => {
      let x: FloatTensor = relu(conv2d(image, { filters: 16, kernel: 5, stride: 2, padding: 'same' }));
      x = maxPool2d(x, { kernel: 3, stride: 2, padding: 1 });
      for (const [i, filters] of [16, 24, 40].entries())
        x = scope(`stage${i}`, () => residualBlock(residualBlock(x, filters, i === 0 ? 1 : 2), filters, 1));
      return { logits: dense(globalAveragePool(x), { units: 33 }) };
    }),

  mobile: () =>
    defineModel('mobile', { image: tensor('float32', [2, 14, 12, 3]) }, ({ image }) => {
      let x: FloatTensor = hardSwish(conv2d(image, { filters: 8, kernel: 3, stride: 2, padding: 'same' }));
      x = invertedResidual(invertedResidual(x, 24, 8), 40, 20);
      const features = clip(averagePool2d(x, { kernel: 2, ceil: true }), -1, 1);
      return { features, probs: softmax(dense(flatten(features), { units: 17 })) };
    }),

  unet: () =>
    defineModel('unet', { image: tensor('float32', [1, 16, 12, 2]) }, ({ image }) => {
      const down1 = leakyRelu(instanceNorm(conv2d(image, { filters: 8, kernel: 3, padding: 'same' })), 0.2);
      const down2 = mish(
        conv2d(maxPool2d(down1, { kernel: 2 }), { filters: 20, kernel: 3, padding: 'same' }),
      );
      const middle = silu(conv2d(down2, { filters: 36, kernel: 3, dilation: 2, padding: 'same', groups: 4 }));
      const up = convTranspose2d(middle, { filters: 8, kernel: 2, stride: 2 });
      const joined = concat([up, down1, resize(down2, { size: [16, 12], mode: 'linear' })]);
      const wide = depthToSpace(tanh(conv2d(joined, { filters: 12, kernel: 3, padding: 'same' })), 2);
      return {
        mask: sigmoid(wide),
        edge: slice(pad(wide, [0, 1, 1, 0, 0, 1, 1, 0], { value: 0.5 }), [0, 0, 0, 1], [1, 20, 20, 2]),
      };
    }),

  transformer: () =>
    defineModel('transformer', { tokens: tensor('float32', [2, 7, 16]) }, ({ tokens }) => {
      let x: FloatTensor = tokens;
      for (let i = 0; i < 2; i++)
        x = scope(`block${i}`, () => {
          const y = attention(layerNorm(x), 4);
          return add(y, dense(gelu(dense(layerNorm(y), { units: 50, initializer: spread })), { units: 16 }));
        });
      return { y: x, last: logSoftmax(dense(reduceMean(x, [1], { keepDims: false }), { units: 5 })) };
    }),

  audio: () =>
    defineModel('audio', { wave: tensor('float32', [1, 64, 1]) }, ({ wave }) => {
      let x: FloatTensor = conv1d(wave, { filters: 12, kernel: 9, stride: 2, padding: 'same' });
      x = erf(conv1d(x, { filters: 12, kernel: 3, dilation: 4, padding: 'same', groups: 12 }));
      x = averagePool1d(x, { kernel: 3, stride: 2, padding: 1, includePadding: true });
      const image = localResponseNorm(reshape(x, [1, 4, 4, 12]), { size: 5, alpha: 0.5 });
      return { same: wave, y: image, sum: add(image, transpose(image, [0, 2, 1, 3])) };
    }),
};
