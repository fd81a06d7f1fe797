/**
 * Local response normalisation across channels, x / (bias + alpha/size · Σ x²)^beta: the sum runs over the channels
 * from c − ⌊(size−1)/2⌋ to c + ⌈(size−1)/2⌉ that exist; x […, C]. (ONNX LRN-13)
 */
import { elementCount, formatType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { call } from '../define/lowering.ts';
import { defineOp, shapeError } from '../define/op.ts';
import { requireFloat } from '../define/typing.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';

export const lrn = /* @__PURE__ */ defineOp({
  name: 'lrn',
  inputs: ['x'],
  attrs: { size: 1, alpha: 1e-4, beta: 0.75, bias: 1 },
  required: ['size'],
  traits: {},

  infer(inputs, { size }) {
    const x = requireFloat(inputs, 0, 'x');
    if (x.shape.length === 0) throw shapeError('input x', '[…, channels]', formatType(x));
    if (!Number.isInteger(size) || size < 1) throw shapeError('size', 'a positive integer', `${size}`);
    return [x];
  },

  evaluate(inputs, { size, alpha, beta, bias }, [type]) {
    const x = realsOf(present(inputs, 0));
    const channels = type!.shape.at(-1)!;
    const before = Math.floor((size - 1) / 2);
    const after = Math.ceil((size - 1) / 2);
    const y = new Float64Array(x.length);
    for (let row = 0; row < x.length; row += channels)
      for (let c = 0; c < channels; c++) {
        let squares = 0;
        for (let k = Math.max(0, c - before); k <= Math.min(channels - 1, c + after); k++)
          squares += x[row + k]! ** 2;
        y[row + c] = x[row + c]! / (bias + (alpha / size) * squares) ** beta;
      }
    return [tensorOfReals(type!, y)];
  },

  lower({ attrs, outputs }) {
    const type = outputs[0]!;
    if (type.dtype !== 'float32') return null;
    const params = { rows: elementCount(type.shape.slice(0, -1)), channels: type.shape.at(-1)!, ...attrs };
    return {
      calls: [call('f32-lrn', { y: { output: 0 }, x: { input: 0 } }, params)],
      weights: [],
      scratch: [],
    };
  },

  // A power counts as ten.
  cost: (inputs, outputs, { size }) => ({
    flops: (2 * size + 12) * elementCount(outputs[0]!.shape),
    bytes: trafficOf(inputs, outputs),
  }),
});
