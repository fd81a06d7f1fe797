/**
 * The mean of each window: over its part inside the image, or with `countIncludePad` over its part inside the
 * padded image, padding counting as zeros. (ONNX AveragePool-22)
 */
import type { PoolMode } from '../../../runtime/kernels/functions.ts';
import { defineOp } from '../define/op.ts';
import { requireFloat } from '../define/typing.ts';
import { evaluatePool, inferPool, lowerPool, poolAttrs, poolCost, poolRequired } from './pool.ts';

const modeOf = ({ countIncludePad }: { readonly countIncludePad: boolean }): PoolMode =>
  countIncludePad ? 'averagePadded' : 'averageInside';

export const averagePool = /* @__PURE__ */ defineOp({
  name: 'averagePool',
  inputs: ['x'],
  attrs: { ...poolAttrs, countIncludePad: false },
  required: poolRequired,
  traits: {},
  infer: (inputs, attrs) => [inferPool(requireFloat(inputs, 0, 'x'), attrs)],
  evaluate: (inputs, attrs, [y]) => evaluatePool(inputs, attrs, y!, modeOf(attrs)),
  lower: ({ inputs, attrs, outputs }) => lowerPool(inputs[0], attrs, outputs[0]!, modeOf(attrs)),
  cost: poolCost,
});
