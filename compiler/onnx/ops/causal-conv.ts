/** CausalConvWithState: each channel convolved with its past, of which the last steps are the state. (opset 27) */
import type { ValueId } from '../../ir/graph.ts';
import { defineOnnx, type Import } from './define.ts';

const causalConv: Import = (node) => {
  const [x, w] = [node.input(0), node.input(1)];
  const { dtype, shape } = node.type(x);
  const [batch, channels, steps] = shape as [number, number, number];
  const kernel = node.shape(w).at(-1) ?? 1;
  const past = node.optional(3);
  const before = kernel - 1;
  const blank = (): ValueId => node.splat({ dtype, shape: [batch, channels, before] }, 0);
  const whole = before === 0 ? x : node.emit('concat', [past ?? blank(), x], { axis: 2 }, 'with_past');
  const activation = node.string('activation', 'none');
  const window = { strides: [1], dilations: [1], pads: [0, 0], groups: channels };
  const sums = node.emit('conv', [node.channelsLast(whole), w, node.optional(2)], window, 'conv');
  const product = node.channelsFirst(sums);
  const state = { starts: [0, 0, steps], sizes: [batch, channels, before], steps: [1, 1, 1] };
  const present = node.wants(1) ? node.emit('slice', [whole], state, 'present_state') : null;
  if (activation === 'none') return [product, present];
  if (activation !== 'silu' && activation !== 'swish')
    node.invalid('attribute "activation"', 'none, silu or swish', `"${activation}"`);
  return [node.emit('silu', [product]), present];
};

export const causalConvs = defineOnnx({ imports: { CausalConvWithState: causalConv }, exports: {} });
