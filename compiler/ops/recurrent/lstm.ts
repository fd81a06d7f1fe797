/**
 * A long short-term memory over whole sequences. With z = weightIn·x[b,t] + biasIn + weightState·h + biasState for the
 * gates i, f, g, o: c = σ(z_f)·c + σ(z_i)·tanh(z_g), h = y[b,t] = σ(z_o)·tanh(c). h and c begin as h0 and c0, or
 * zero; the second output is c as it ends. (ONNX LSTM-14 without peepholes, one direction)
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

const GATES = 4;
const states = ['h0', 'c0'] as const;

export const lstm = /* @__PURE__ */ defineOp({
  name: 'lstm',
  inputs: [...recurrentInputs, 'h0?', 'c0?'],
  attrs: { reverse: false },
  traits: {},

  infer(inputs) {
    const { y, state } = recurrenceOf(inputs, GATES, states);
    return [y, state];
  },

  evaluate(inputs, { reverse }, [yType, cType]) {
    const { y, last } = runRecurrence(inputs, yType!, reverse, states.length, (given, sums, [h, c]) => {
      const hidden = h!.length;
      const z = sums.map((sum, n) => sum + given[n]!);
      for (let j = 0; j < hidden; j++) {
        const gate = (index: number): number => z[index * hidden + j]!;
        c![j] = sigmoid(gate(1)) * c![j]! + sigmoid(gate(0)) * Math.tanh(gate(2));
        h![j] = sigmoid(gate(3)) * Math.tanh(c![j]!);
      }
    });
    return [tensorOfReals(yType!, y), tensorOfReals(cType!, last[1]!)];
  },

  lower(context) {
    const sizes = recurrenceOf(context.inputs, GATES, states);
    const { batch, steps, hidden } = sizes;
    const operands = {
      y: { output: 0 },
      c: { output: 1 },
      gates: { scratch: 1 },
      x: { scratch: 0 },
      w: { weight: 1 },
      h0: stateOperand(context.inputs, 5),
      c0: stateOperand(context.inputs, 6),
    };
    const params = { batch, steps, hidden, reverse: context.attrs.reverse ? 1 : 0 } as const;
    return lowerRecurrence(context, sizes, GATES, call('f32-lstm', operands, params));
  },

  cost: recurrenceCost,
});
