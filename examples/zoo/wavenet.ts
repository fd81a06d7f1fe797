/**
 * A network in the style of WaveNet (van den Oord et al. 2016, arXiv 1609.03499): causal convolutions of two samples,
 * each layer looking twice as far back as the one before; 1024 samples in all. The output is, for every sample, a
 * distribution over the 256 levels of the next.
 */
import { defineModel, expectShape, scope, type Tensor, tensor } from 'millrace';
import { add, conv1d, mul, relu, sigmoid, softmax, split, tanh } from 'millrace/layers';

const CHANNELS = 32;
const SKIP = 128;
const dilations = [1, 2, 4, 8, 16, 32, 64, 128, 256];
type Wave = Tensor<'float32', [1, number, number]>;

/** Sees nothing of the future: all padding is before the first sample. */
const causal = (x: Wave, name: string, filters: number, dilation: number) =>
  conv1d(x, { name, filters, kernel: 2, dilation, padding: [dilation, 0] });

/** [samples, and what goes on to the next layer]: tanh · sigmoid, as in a memory cell. */
function layer(x: Wave, dilation: number): { skip: Wave; next: Wave } {
  const [filtered, gates] = split(causal(x, 'dilated', 2 * CHANNELS, dilation), [CHANNELS, CHANNELS]);
  const y = mul(tanh(filtered), sigmoid(gates));
  const skip = conv1d(y, { name: 'skip', filters: SKIP, kernel: 1 });
  return { skip, next: add(x, conv1d(y, { name: 'residual', filters: CHANNELS, kernel: 1 })) };
}

export const wavenet = () =>
  defineModel('wavenet', { wave: tensor('float32', [1, 1024, 1]) }, ({ wave }) => {
    const stem = causal(wave, 'stem', CHANNELS, 1);
    let { skip: sum, next: x } = scope('layer1', () => layer(stem, 1));
    for (const [n, dilation] of [...dilations.slice(1), ...dilations].entries()) {
      const { skip, next } = scope(`layer${n + 2}`, () => layer(x, dilation));
      [sum, x] = [add(sum, skip), next];
    }
    const skips = expectShape(sum, [1, 1024, SKIP]);
    const hidden = relu(conv1d(relu(skips), { name: 'hidden', filters: 256, kernel: 1 }));
    return { next: softmax(conv1d(hidden, { name: 'levels', filters: 256, kernel: 1 })) };
  });
