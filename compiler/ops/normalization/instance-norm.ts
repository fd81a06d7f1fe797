/**
 * Instance normalisation, y = act((x − μ) / √(σ² + ε) · scale + bias), with mean and (biased) variance of each
 * channel of each batch element over all spatial positions; x [N, …spatial, C]. (ONNX InstanceNormalization-22)
 */
import { elementCount, formatType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { call } from '../define/lowering.ts';
import { defineOp, noEpilogue, shapeError } from '../define/op.ts';
import { requireFloat, requireVector } from '../define/typing.ts';
import { allFloat32 } from '../lowering/panels.ts';
import { epilogueParams } from '../reference/activation.ts';
import { checkEpilogue, finish } from '../reference/epilogue.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';

/** Positions of one channel of one batch element. */
const spatialOf = (shape: readonly number[]): number => elementCount(shape.slice(1, -1));

export const instanceNorm = /* @__PURE__ */ defineOp({
  name: 'instanceNorm',
  inputs: ['x', 'scale', 'bias'],
  attrs: { epsilon: 1e-5, ...noEpilogue },
  traits: { epilogue: true },

  infer(inputs, attrs) {
    const x = requireFloat(inputs, 0, 'x');
    if (x.shape.length < 2) throw shapeError('input x', '[batch, …spatial, channels]', formatType(x));
    const channels = x.shape.at(-1)!;
    requireVector(inputs, 1, 'scale', channels, x.dtype);
    requireVector(inputs, 2, 'bias', channels, x.dtype);
    checkEpilogue(attrs);
    return [x];
  },

  evaluate(inputs, attrs, [type]) {
    const [x, scale, bias] = [0, 1, 2].map((i) => realsOf(present(inputs, i)));
    const batch = type!.shape[0]!;
    const channels = type!.shape.at(-1)!;
    const spatial = spatialOf(type!.shape);
    const y = new Float64Array(x!.length);
    for (let b = 0; b < batch; b++)
      for (let c = 0; c < channels; c++) {
        const start = b * spatial * channels + c;
        const end = start + spatial * channels;
        let mean = 0;
        for (let i = start; i < end; i += channels) mean += x![i]! / spatial;
        let variance = 0;
        for (let i = start; i < end; i += channels) variance += (x![i]! - mean) ** 2 / spatial;
        const factor = scale![c]! / Math.sqrt(variance + attrs.epsilon);
        for (let i = start; i < end; i += channels) y[i] = (x![i]! - mean) * factor + bias![c]!;
      }
    finish(y, null, attrs);
    return [tensorOfReals(type!, y)];
  },

  lower(context) {
    const { attrs, outputs } = context;
    const type = outputs[0]!;
    const scale = context.constant(1);
    const bias = context.constant(2);
    if (!scale || !bias || !allFloat32(type)) return null;
    return {
      calls: [
        call(
          'f32-instance-norm',
          { y: { output: 0 }, x: { input: 0 }, w: { weight: 0 } },
          {
            batch: type.shape[0]!,
            spatial: spatialOf(type.shape),
            channels: type.shape.at(-1)!,
            epsilon: attrs.epsilon,
            ...epilogueParams(attrs),
          },
        ),
      ],
      weights: [{ layout: 'raw', parts: [scale, bias] }],
      scratch: [],
    };
  },

  // Mean, variance, and the multiply-add of each element.
  cost: (inputs, outputs) => ({
    flops: 6 * elementCount(outputs[0]!.shape),
    bytes: trafficOf([inputs[0] ?? null], outputs),
  }),
});
