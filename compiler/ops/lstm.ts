/**
 * A long short-term memory over whole sequences. With z = weightIn·x[b,t] + biasIn + weightState·h + biasState for the
 * gates i, f, g, o: c = σ(z_f)·c + σ(z_i)·tanh(z_g), h = y[b,t] = σ(z_o)·tanh(c). h and c begin as h0 and c0, or
 * zero; the second output is c as it ends. (ONNX LSTM-14 without peepholes, one direction)
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

const GATES = 4;
const states = ['h0', 'c0'] as const;

export const lstm = defineOp({
  name: 'lstm',
  inputs: [...recurrentInputs, 'h0?', 'c0?'],
  attrs: { reverse: false },
  traits: {},

  infer(inputs) {
    const { y, state } = recurrenceOf(inputs, GATES, states);
    return [y, state];
  },

  evaluate(inputs, { reverse }, [yType, cType]) {
    const [x, weightIn, weightState] = [0, 1, 2].map((i) => realsOf(present(inputs, i)));
    const [biasIn, biasState, h0, c0] = [3, 4, 5, 6].map((i) => optionalReals(inputs[i]));
    const [batch, steps, hidden] = yType!.shape as [number, number, number];
    const width = inputs[0]!.type.shape[2]!;
    const y = new Float64Array(elementCount(yType!.shape));
    const last = new Float64Array(elementCount(cType!.shape));
    for (let b = 0; b < batch; b++) {
      const h = Float64Array.from({ length: hidden }, (_, j) => h0?.[b * hidden + j] ?? 0);
      const c = Float64Array.from({ length: hidden }, (_, j) => c0?.[b * hidden + j] ?? 0);
      for (const t of stepsInOrder(steps, reverse)) {
        const now = Array.from({ length: width }, (_, k) => x![(b * steps + t) * width + k]!);
        const given = product(weightIn!, biasIn ?? null, now);
        const z = product(weightState!, biasState ?? null, h).map((sum, n) => sum + given[n]!);
        for (let j = 0; j < hidden; j++) {
          const gate = (index: number): number => z[index * hidden + j]!;
          c[j] = sigmoid(gate(1)) * c[j]! + sigmoid(gate(0)) * Math.tanh(gate(2));
          h[j] = sigmoid(gate(3)) * Math.tanh(c[j]!);
        }
        y.set(h, (b * steps + t) * hidden);
      }
      last.set(c, b * hidden);
    }
    return [tensorOfReals(yType!, y), tensorOfReals(cType!, last)];
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
    const params = { batch, steps, hidden, reverse: context.attrs.reverse ? 1 : 0 };
    return lowerRecurrence(context, sizes, GATES, call('f32-lstm', operands, params));
  },

  cost: recurrenceCost,
});
