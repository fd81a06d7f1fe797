/**
 * A gated recurrent unit over whole sequences, in the variant of cuDNN and PyTorch. With g = weightIn·x[b,t] + biasIn and
 * s = weightState·h + biasState for the gates r, z, n: r = σ(g_r + s_r), z = σ(g_z + s_z), n = tanh(g_n + r·s_n),
 * h = y[b,t] = n + z·(h − n). h begins as h0, or zero. (ONNX GRU-14 with linear_before_reset, one direction)
 */

import { call } from '../define/lowering.ts';
import { defineOp } from '../define/op.ts';
import { tensorOfReals } from '../reference/reals.ts';
import { runRecurrence, sigmoid } from '../reference/recurrence.ts';
import {
  lowerRecurrence,
  recurrenceCost,
  recurrenceOf,
  recurrentInputs,
  stateOperand,
} from './recurrence.ts';

const GATES = 3;
const states = ['h0'] as const;

export const gru = /* @__PURE__ */ defineOp({
  name: 'gru',
  inputs: [...recurrentInputs, 'h0?'],
  attrs: { reverse: false },
  traits: {},

  infer: (inputs) => [recurrenceOf(inputs, GATES, states).y],

  evaluate(inputs, { reverse }, [type]) {
    const { y } = runRecurrence(inputs, type!, reverse, states.length, (given, sums, [h]) => {
      const hidden = h!.length;
      for (let j = 0; j < hidden; j++) {
        const r = sigmoid(given[j]! + sums[j]!);
        const z = sigmoid(given[hidden + j]! + sums[hidden + j]!);
        const n = Math.tanh(given[2 * hidden + j]! + r * sums[2 * hidden + j]!);
        h![j] = n + z * (h![j]! - n);
      }
    });
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
    const params = { batch, steps, hidden, reverse: context.attrs.reverse ? 1 : 0 } as const;
    return lowerRecurrence(context, sizes, GATES, call('f32-gru', operands, params));
  },

  cost: recurrenceCost,
});
