/**
 * Convolution over one or two spatial dimensions, y = act(conv(x, w) + bias + residual): x [N, …spatial, C],
 * w [O, C/groups, …kernel] as frameworks store it. Becomes one of three kernels: depthwise, a matrix product where
 * the window degenerates to one, or the general convolution; all read the same panels. (ONNX Conv-22)
 */

import { elementCount, formatType, type TensorType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { call, type KernelCall, type Lowered } from '../define/lowering.ts';
import { defineOp, noEpilogue, required, shapeError } from '../define/op.ts';
import { numbers, optionalOf, requireFloat } from '../define/typing.ts';
import { sweepsOf } from '../lowering/conv-sweeps.ts';
import { allFloat32, type PanelWeight, packable, wholeLayer } from '../lowering/panels.ts';
import {
  checkWindow,
  outputExtents,
  spatialRank,
  type Window,
  type WindowAxis,
  windowOf,
  windowParams,
} from '../lowering/window.ts';
import { epilogueParams } from '../reference/activation.ts';
import { convolve } from '../reference/convolution.ts';
import { checkEpilogue, finish } from '../reference/epilogue.ts';
import { optionalReals, present, realsOf, tensorOfReals } from '../reference/reals.ts';

/** No tap is skipped or padded and pixels keep their order: the convolution is a product over pixels. */
const isPointwise = ({ h, w }: Window): boolean =>
  [h, w].every((axis) => axis.kernel === 1 && axis.stride === 1 && axis.begin === 0 && axis.end === 0);

/** The one window is the whole image, which in channels-last order is one row of the product. */
const coversImage = ({ h, w }: Window): boolean =>
  [h, w].every(
    (axis) =>
      axis.kernel === axis.input &&
      axis.output === 1 &&
      axis.begin === 0 &&
      (axis.dilation === 1 || axis.kernel === 1),
  );

/** Input index that tap k brings to output o, or −1. */
function source({ stride, dilation, begin, input }: WindowAxis, o: number, k: number): number {
  const i = o * stride - begin + k * dilation;
  return i >= 0 && i < input ? i : -1;
}

export const conv = /* @__PURE__ */ defineOp({
  name: 'conv',
  inputs: ['x', 'w', 'bias?', 'residual?'],
  attrs: { strides: numbers, dilations: numbers, pads: numbers, groups: 1, ...noEpilogue },
  required: ['strides', 'dilations', 'pads'],
  traits: {
    linear: { weight: 1, bias: 2, residual: 3, channelAxis: () => 0 },
    epilogue: true,
    padded(attrs, zeros) {
      const rank = zeros.length / 2;
      const [begins, ends] = [zeros.slice(0, rank), zeros.slice(rank)];
      const spatialOnly = [begins, ends].every((counts) => counts[0] === 0 && counts[rank - 1] === 0);
      const spatial = [...begins.slice(1, -1), ...ends.slice(1, -1)];
      return spatialOnly ? { ...attrs, pads: attrs.pads.map((pad, i) => pad + spatial[i]!) } : null;
    },
  },

  infer(inputs, attrs) {
    const x = requireFloat(inputs, 0, 'x');
    const w = required(inputs, 1, 'w');
    const rank = spatialRank(x);
    const channels = x.shape[rank + 1]!;
    const { groups } = attrs;
    if (w.dtype !== x.dtype || w.shape.length !== rank + 2)
      throw shapeError('input w', `${x.dtype} of rank ${rank + 2}`, formatType(w));
    const outC = w.shape[0]!;
    if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0 || outC % groups !== 0)
      throw shapeError('groups', `a divisor of ${channels} input and ${outC} output channels`, `${groups}`);
    if (w.shape[1] !== channels / groups)
      throw shapeError('input w', `${channels / groups} input channels per group`, formatType(w));
    const kernel = w.shape.slice(2);
    checkWindow(rank, kernel, attrs);
    if (attrs.pads.some((pad) => pad < 0)) throw shapeError('pads', 'none below zero', `[${attrs.pads}]`);
    checkEpilogue(attrs);
    optionalOf(inputs, 2, 'bias', { dtype: x.dtype, shape: [outC] });
    const y: TensorType = {
      dtype: x.dtype,
      shape: [x.shape[0]!, ...outputExtents(x.shape.slice(1, -1), kernel, attrs), outC],
    };
    optionalOf(inputs, 3, 'residual', y);
    return [y];
  },

  evaluate(inputs, attrs, [yType]) {
    const x = present(inputs, 0);
    const w = present(inputs, 1);
    const [, groupC, ...kernel] = w.type.shape as [number, number, ...number[]];
    const taps = kernel.reduce((product, size) => product * size, 1);
    const weights = realsOf(w);
    const y = convolve(yType!, {
      window: windowOf(x.type.shape, yType!.shape, kernel, attrs),
      groups: attrs.groups,
      pixels: realsOf(x),
      channels: x.type.shape.at(-1)!,
      bias: optionalReals(inputs[2]),
      source,
      weight: (n, c, tap) => weights[(n * groupC + c) * taps + tap]!,
    });
    finish(y, optionalReals(inputs[3]), attrs);
    return [tensorOfReals(yType!, y)];
  },

  lower(context) {
    const { attrs, inputs } = context;
    const [x, w] = inputs;
    const [y] = context.outputs;
    const packed = packable(context, 1, 2);
    if (!x || !w || !y || !packed || !allFloat32(...inputs, y)) return null;
    const [outC, groupC] = w.shape as [number, number];
    const inC = x.shape.at(-1)!;
    const window = windowOf(x.shape, y.shape, w.shape.slice(2), attrs);
    const kernelH = window.h.kernel;
    const kernelW = window.w.kernel;
    const taps = kernelH * kernelW;
    const depthwise = attrs.groups === inC && inC === outC && attrs.groups > 1;
    const channels = outC / attrs.groups;
    const weight: PanelWeight = depthwise
      ? {
          layout: 'panels',
          ...packed,
          groups: 1,
          channels: outC,
          reduce: [kernelH, kernelW],
          reduceStrides: [kernelW, 1],
          channelStride: taps,
          groupStride: 0,
        }
      : {
          layout: 'panels',
          ...packed,
          groups: attrs.groups,
          channels,
          reduce: [kernelH, kernelW, groupC],
          reduceStrides: [kernelW, 1, taps],
          channelStride: groupC * taps,
          groupStride: channels * groupC * taps,
        };
    const operands = {
      y: { output: 0 },
      x: { input: 0 },
      w: { weight: 0 },
      residual: inputs[3] ? { input: 3 } : null,
    };
    const rest = { ldy: outC, ldr: outC, ...wholeLayer(weight), ...epilogueParams(attrs) };
    const params = windowParams(window, inC, outC);
    const product = attrs.groups === 1 && (isPointwise(window) || coversImage(window));
    const one = (kernelCall: KernelCall): Lowered => ({
      calls: [kernelCall],
      weights: [weight],
      scratch: [],
    });
    if (depthwise) return one(call('f32-depthwise', operands, { ...params, ldx: inC, ...rest }));
    if (product)
      return one(
        call('f32-gemm', operands, {
          m: elementCount(y.shape) / outC,
          n: outC,
          k: taps * inC,
          ldx: taps * inC,
          ...rest,
        }),
      );
    const flops = 2 * elementCount(y.shape) * groupC * taps;
    return sweepsOf(context, weight).map(({ sweep, bytes }) => ({
      variant: `f32-conv/${sweep}`,
      cost: { flops, bytes },
      ...one(
        call('f32-conv', operands, {
          ...params,
          groups: attrs.groups,
          sweep,
          ldx: inC,
          ...rest,
        }),
      ),
    }));
  },

  cost(inputs, outputs) {
    const w = required(inputs, 1, 'w');
    const y = outputs[0]!;
    return {
      flops: 2 * elementCount(y.shape) * elementCount(w.shape.slice(1)),
      bytes: trafficOf([required(inputs, 0, 'x'), inputs[3] ?? null], outputs),
    };
  },
});
