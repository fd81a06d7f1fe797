/** What normalisations of rows have in common: each row by its own statistics, then scale (and bias) per column. */
import { elementCount, formatType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { call } from '../define/lowering.ts';
import { defineOp, shapeError } from '../define/op.ts';
import { requireFloat, requireVector } from '../define/typing.ts';
import { allFloat32 } from '../lowering/panels.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';

interface RowNormDefinition<N extends string> {
  readonly name: N;
  /** By root mean square: no mean is taken off, and there is no bias. */
  readonly rms: boolean;
}

export const defineRowNorm = <N extends string>({ name, rms }: RowNormDefinition<N>) =>
  defineOp({
    name,
    inputs: rms ? ['x', 'scale'] : ['x', 'scale', 'bias'],
    attrs: { epsilon: 1e-5 },
    traits: {
      // Any order of the rows will do, as long as the columns stay last.
      permute: (attrs, perm) =>
        perm.at(-1) === perm.length - 1
          ? { attrs, inputs: rms ? ['same', 'keep'] : ['same', 'keep', 'keep'], outputs: [perm] }
          : null,
    },

    infer(inputs) {
      const x = requireFloat(inputs, 0, 'x');
      const columns = x.shape.at(-1);
      if (columns === undefined) throw shapeError('input x', '[…, columns]', formatType(x));
      requireVector(inputs, 1, 'scale', columns, x.dtype);
      if (!rms) requireVector(inputs, 2, 'bias', columns, x.dtype);
      return [x];
    },

    evaluate(inputs, { epsilon }, [type]) {
      const x = realsOf(present(inputs, 0));
      const scale = realsOf(present(inputs, 1));
      const bias = rms ? null : realsOf(present(inputs, 2));
      const columns = type!.shape.at(-1)!;
      const y = new Float64Array(x.length);
      for (let row = 0; row < y.length; row += columns) {
        let mean = 0;
        for (let c = 0; c < columns && !rms; c++) mean += x[row + c]! / columns;
        let variance = 0;
        for (let c = 0; c < columns; c++) variance += (x[row + c]! - mean) ** 2 / columns;
        const factor = 1 / Math.sqrt(variance + epsilon);
        for (let c = 0; c < columns; c++)
          y[row + c] = (x[row + c]! - mean) * factor * scale[c]! + (bias === null ? 0 : bias[c]!);
      }
      return [tensorOfReals(type!, y)];
    },

    lower(context) {
      const type = context.outputs[0]!;
      const scale = context.constant(1);
      const bias = rms ? null : context.constant(2);
      if (!scale || (!rms && !bias) || !allFloat32(type)) return null;
      const columns = type.shape.at(-1)!;
      if (columns === 0) return null;
      const params = {
        rows: elementCount(type.shape) / columns,
        columns,
        epsilon: context.attrs.epsilon,
        rms: rms ? 1 : 0,
      } as const;
      const operands = { y: { output: 0 }, x: { input: 0 }, w: { weight: 0 } };
      return {
        calls: [call('f32-layer-norm', operands, params)],
        weights: [{ layout: 'raw', parts: bias ? [scale, bias] : [scale] }],
        scratch: [],
      };
    },

    // Mean, variance, and the multiply-add of each element.
    cost: (inputs, outputs) => ({
      flops: 6 * elementCount(outputs[0]!.shape),
      bytes: trafficOf([inputs[0] ?? null], outputs),
    }),
  });

/**
 * Layer normalisation (Ba et al. 2016, arXiv 1607.06450), over the last axis: y = (x − μ) / √(σ² + ε) · scale + bias,
 * with mean and (biased) variance of each row. ONNX LayerNormalization-17 with axis −1; over several axes the importer
 * makes one of them.
 */
export const layerNorm = /* @__PURE__ */ defineRowNorm({ name: 'layerNorm', rms: false });

/**
 * Root mean square normalisation (Zhang and Sennrich 2019, arXiv 1910.07467), over the last axis:
 * y = x / √(mean(x²) + ε) · scale. (ONNX RMSNormalization-23 with axis −1)
 */
export const rmsNorm = /* @__PURE__ */ defineRowNorm({ name: 'rmsNorm', rms: true });
