/** The largest element of each window; padding never wins. (ONNX MaxPool-22, without indices) */
import { defineOp, required } from '../define/op.ts';
import { evaluatePool, inferPool, lowerPool, poolAttrs, poolCost, poolRequired } from './pool.ts';

export const maxPool = /* @__PURE__ */ defineOp({
  name: 'maxPool',
  inputs: ['x'],
  attrs: poolAttrs,
  required: poolRequired,
  traits: {},
  infer: (inputs, attrs) => [inferPool(required(inputs, 0, 'x'), attrs)],
  evaluate: (inputs, attrs, [y]) => evaluatePool(inputs, attrs, y!, 'maximum'),
  lower: ({ inputs, attrs, outputs }) => lowerPool(inputs[0], attrs, outputs[0]!, 'maximum'),
  cost: poolCost,
});
