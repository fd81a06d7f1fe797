/**
 * Batch normalisation at inference: y = act((x − mean) / √(variance + ε) · scale + bias) per channel of `axis`.
 * With constant statistics that is y = act(x·s + t); s and t are recipes, which fold into a convolution before it
 * or, where it comes first (DenseNet), become the weights of one multiply-add. (ONNX BatchNormalization-15)
 */
import type { Attrs, TypedConstant } from '../../ir/constant.ts';
import { elementCount } from '../../ir/types.ts';
import { applied, splatLike } from '../define/affine.ts';
import { trafficOf } from '../define/elementwise.ts';
import { call, type Operand } from '../define/lowering.ts';
import { defineOp, type EpilogueAttrs, noEpilogue } from '../define/op.ts';
import { axisOf, requireFloat, requireVector } from '../define/typing.ts';
import { allFloat32 } from '../lowering/panels.ts';
import { numbered } from '../lowering/strides.ts';
import { epilogueParams } from '../reference/activation.ts';
import { checkEpilogue, finish } from '../reference/epilogue.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';

const combined = (op: string, a: TypedConstant, b: TypedConstant): TypedConstant => ({
  type: a.type,
  constant: { kind: 'apply', op, attrs: noEpilogue satisfies Attrs, args: [a, b] },
});

/** s = scale / √(variance + ε) and t = bias − mean·s, or null where one of them is not constant. */
function coefficientsOf(
  [, scale, bias, mean, variance]: readonly (TypedConstant | null | undefined)[],
  epsilon: number,
): { scale: TypedConstant; shift: TypedConstant } | null {
  if (!scale || !bias || !mean || !variance) return null;
  const deviation = applied('sqrt', combined('add', variance, splatLike(variance, epsilon)));
  const s = combined('div', scale, deviation);
  return { scale: s, shift: combined('sub', bias, combined('mul', mean, s)) };
}

/** Elements before and after the axis. */
const around = (shape: readonly number[], axis: number): [outer: number, inner: number] => [
  elementCount(shape.slice(0, axis)),
  elementCount(shape.slice(axis + 1)),
];

export const batchNorm = /* @__PURE__ */ defineOp({
  name: 'batchNorm',
  inputs: ['x', 'scale', 'bias', 'mean', 'variance'],
  attrs: { epsilon: 1e-5, axis: -1, ...noEpilogue },
  traits: {
    epilogue: true,
    affine: {
      coefficients(constants, types, { epsilon, axis, act }) {
        const found = act === 'none' ? coefficientsOf(constants, epsilon) : null;
        const rank = types[0]?.shape.length;
        return found && rank !== undefined ? { ...found, axis: axisOf(axis, rank) } : null;
      },
    },
    permute: (attrs, perm) => ({
      attrs: { ...attrs, axis: perm[axisOf(attrs.axis, perm.length)]! },
      inputs: ['same', 'keep', 'keep', 'keep', 'keep'],
      outputs: [perm],
    }),
  },

  infer(inputs, attrs) {
    const x = requireFloat(inputs, 0, 'x');
    const channels = x.shape[axisOf(attrs.axis, x.shape.length)]!;
    checkEpilogue(attrs);
    for (const [i, name] of ['scale', 'bias', 'mean', 'variance'].entries())
      requireVector(inputs, 1 + i, name, channels, x.dtype);
    return [x];
  },

  evaluate(inputs, attrs, [type]) {
    const [x, scale, bias, mean, variance] = [0, 1, 2, 3, 4].map((i) => realsOf(present(inputs, i)));
    const at = axisOf(attrs.axis, type!.shape.length);
    const channels = type!.shape[at]!;
    const [, inner] = around(type!.shape, at);
    const y = new Float64Array(x!.length);
    for (let i = 0; i < y.length; i++) {
      const c = Math.floor(i / inner) % channels;
      y[i] = ((x![i]! - mean![c]!) / Math.sqrt(variance![c]! + attrs.epsilon)) * scale![c]! + bias![c]!;
    }
    finish(y, null, attrs);
    return [tensorOfReals(type!, y)];
  },

  lower(context) {
    const { attrs, inputs } = context;
    const type = context.outputs[0]!;
    const constants = inputs.map((_, i) => (i === 0 ? null : context.constant(i)));
    const found = coefficientsOf(constants, attrs.epsilon);
    if (!found || !allFloat32(type)) return null;
    const { scale, shift } = found;
    const axis = axisOf(attrs.axis, type.shape.length);
    const channels = type.shape[axis]!;
    const [outer, inner] = around(type.shape, axis);
    const y: Operand = { output: 0 };
    if (inner === 1)
      return {
        calls: [
          call(
            'f32-affine',
            { y, x: { input: 0 }, w: { weight: 0 } },
            { rows: outer, channels, ldx: channels, ldy: channels, ...epilogueParams(attrs) },
          ),
        ],
        weights: [{ layout: 'raw', parts: [scale, shift] }],
        scratch: [],
      };
    const step = (fn: 'mul' | 'add', a: Operand, weight: number, epilogue: EpilogueAttrs) =>
      call(
        'f32-binary',
        { y, a, b: { weight } },
        {
          ...numbered('d', [outer, channels, inner], 1),
          ...numbered('a', [channels * inner, inner, 1], 0),
          ...numbered('b', [0, 1, 0], 0),
          fn,
          ...epilogueParams(epilogue),
        },
      );
    return {
      calls: [step('mul', { input: 0 }, 0, noEpilogue), step('add', y, 1, attrs)],
      weights: [
        { layout: 'raw', parts: [scale] },
        { layout: 'raw', parts: [shift] },
      ],
      scratch: [],
    };
  },

  cost: (inputs, outputs) => ({
    flops: 2 * elementCount(outputs[0]!.shape),
    bytes: trafficOf([inputs[0] ?? null], outputs),
  }),
});
