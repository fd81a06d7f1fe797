/**
 * Softmax along one axis and its logarithm: eˣ / Σ eˣ, with the largest x taken off first so that nothing
 * overflows. The axis need not be the last. (ONNX Softmax-13, LogSoftmax-13)
 */
import { elementCount } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { call } from '../define/lowering.ts';
import { defineOp } from '../define/op.ts';
import { axisOf, requireFloat } from '../define/typing.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';

/** The shape as [outer, axis, inner]. */
function partsOf(shape: readonly number[], axis: number) {
  const at = axisOf(axis, shape.length);
  return {
    outer: elementCount(shape.slice(0, at)),
    axis: shape[at]!,
    inner: elementCount(shape.slice(at + 1)),
  };
}

export const defineSoftmax = <N extends string>(name: N, logarithm: boolean) =>
  defineOp({
    name,
    inputs: ['x'],
    attrs: { axis: -1 },
    traits: {
      apart: (attrs, _input, axis, [x]) => (axis === axisOf(attrs.axis, x!.shape.length) ? null : axis),
      permute: ({ axis }, perm) => ({
        attrs: { axis: perm[axisOf(axis, perm.length)]! },
        inputs: ['same'],
        outputs: [perm],
      }),
    },

    infer(inputs, { axis }) {
      const x = requireFloat(inputs, 0, 'x');
      axisOf(axis, x.shape.length);
      return [x];
    },

    evaluate(inputs, attrs, [type]) {
      const x = realsOf(present(inputs, 0));
      const { outer, axis, inner } = partsOf(type!.shape, attrs.axis);
      const y = new Float64Array(x.length);
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++) {
          const start = o * axis * inner + i;
          const end = start + axis * inner;
          let largest = Number.NEGATIVE_INFINITY;
          for (let at = start; at < end; at += inner) largest = Math.max(largest, x[at]!);
          let sum = 0;
          for (let at = start; at < end; at += inner) sum += y[at] = Math.exp(x[at]! - largest);
          for (let at = start; at < end; at += inner)
            y[at] = logarithm ? x[at]! - largest - Math.log(sum) : y[at]! / sum;
        }
      return [tensorOfReals(type!, y)];
    },

    lower({ attrs, outputs }) {
      const type = outputs[0]!;
      if (type.dtype !== 'float32') return null;
      const params = { ...partsOf(type.shape, attrs.axis), log: logarithm ? 1 : 0 } as const;
      return {
        calls: [call('f32-softmax', { y: { output: 0 }, x: { input: 0 } }, params)],
        weights: [],
        scratch: [],
      };
    },

    // Maximum, difference, exponential, sum, quotient.
    cost: (inputs, outputs) => ({
      flops: 5 * elementCount(outputs[0]!.shape),
      bytes: trafficOf(inputs, outputs),
    }),
  });

export const softmax = /* @__PURE__ */ defineSoftmax('softmax', false);

/** The logarithm of softmax, computed without taking the logarithm of a small number. */
export const logSoftmax = /* @__PURE__ */ defineSoftmax('logSoftmax', true);
