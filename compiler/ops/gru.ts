/**
 * A gated recurrent unit over whole sequences, in the variant of cuDNN and PyTorch. With g = weightIn·x[b,t] + biasIn and
 * s = weightState·h + biasState for the gates r, z, n: r = σ(g_r + s_r), z = σ(g_z + s_z), n = tanh(g_n + r·s_n),
 * h = y[b,t] = n + z·(h − n). h begins as h0, or zero. (ONNX GRU-14 with linear_before_reset, one direction)
 */
import { elementCount } from '../ir/types.ts';
import { call, defineOp } from './op.ts';
import { optionalReals, present, realsOf, tensorOfReals } from './reals.ts';
import {
  lowerRecurrence,
  product,
  recurrenceCost,
  recurrenceOf,
  recurrentInputs,
  sigmoid,
  stateOperand,
  stepsInOrder,
} from './recurrence.ts';

const GATES = 3;
const states = ['h0'] as const;

export const gru = defineOp({
  name: 'gru',
  inputs: [...recurrentInputs, 'h0?'],
  attrs: { reverse: false },
  traits: {},

  infer: (inputs) => [recurrenceOf(inputs, GATES, states).y],

  evaluate(inputs, { reverse }, [type]) {
    const [x, weightIn, weightState] = [0, 1, 2].map((i) => realsOf(present(inputs, i)));
    const [biasIn, biasState, h0] = [3, 4, 5].map((i) => optionalReals(inputs[i]));
    const [batch, steps, hidden] = type!.shape as [number, number, number];
    const width = inputs[0]!.type.shape[2]!;
    const y = new Float64Array(elementCount(type!.shape));
    for (let b = 0; b < batch; b++) {
      const h = Float64Array.from({ length: hidden }, (_, j) => h0?.[b * hidden + j] ?? 0);
      for (const t of stepsInOrder(steps, reverse)) {
        const now = Array.from({ length: width }, (_, k) => x![(b * steps + t) * width + k]!);
        const given = product(weightIn!, biasIn ?? null, now);
        const sums = product(weightState!, biasState ?? null, h);
        for (let j = 0; j < hidden; j++) {
          const r = sigmoid(given[j]! + sums[j]!);
          const z = sigmoid(given[hidden + j]! + sums[hidden + j]!);
          const n = Math.tanh(given[2 * hidden + j]! + r * sums[2 * hidden + j]!);
          h[j] = n + z * (h[j]! - n);
        }
        y.set(h, (b * steps + t) * hidden);
      }
    }
    return [tensorOfReals(type!, y)];
  },

  lower(context) {
    const sizes = recurrenceOf(context.inputs, GATES, states);
    const { batch, steps, hidden } = sizes;
    const operands = {
      y: { output: 0 },
      gates: { scratch: 1 },
      x: { scratch: 0 },
      w: { weight: 1 },
      h0: stateOperand(context.inputs, 5),
    };
    const params = { batch, steps, hidden, reverse: context.attrs.reverse ? 1 : 0 };
    return lowerRecurrence(context, sizes, GATES, call('f32-gru', operands, params));
  },

  cost: recurrenceCost,
});
