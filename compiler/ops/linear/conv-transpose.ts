/**
 * Transposed convolution, y = act(convᵀ(x, w) + bias + residual), over one or two spatial dimensions: x [N, …, C],
 * w [C, O/groups, …kernel]. Output pixel o is reached by tap k of input i where o = i·stride − begin + k·dilation;
 * it is computed by gathering over those taps, as the kernel does, so no output is written twice.
 * (ONNX ConvTranspose-22)
 */
import { elementCount, formatType, type TensorType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { call } from '../define/lowering.ts';
import { defineOp, noEpilogue, required, shapeError } from '../define/op.ts';
import { numbers, optionalOf, requireFloat } from '../define/typing.ts';
import { allFloat32, type PanelWeight, packable, wholeLayer } from '../lowering/panels.ts';
import {
  checkWindow,
  reach,
  spatialRank,
  type WindowAxis,
  windowOf,
  windowParams,
} from '../lowering/window.ts';
import { epilogueParams } from '../reference/activation.ts';
import { convolve } from '../reference/convolution.ts';
import { checkEpilogue, finish } from '../reference/epilogue.ts';
import { optionalReals, present, realsOf, tensorOfReals } from '../reference/reals.ts';

/** Input index that tap k brings to output o, or −1. */
function source({ stride, dilation, begin, input }: WindowAxis, o: number, k: number): number {
  const at = o + begin - k * dilation;
  if (at < 0 || at % stride !== 0) return -1;
  const i = at / stride;
  return i < input ? i : -1;
}

export const convTranspose = /* @__PURE__ */ defineOp({
  name: 'convTranspose',
  inputs: ['x', 'w', 'bias?', 'residual?'],
  attrs: {
    strides: numbers,
    dilations: numbers,
    pads: numbers,
    outputPadding: numbers,
    groups: 1,
    ...noEpilogue,
  },
  required: ['strides', 'dilations', 'pads', 'outputPadding'],
  traits: {
    linear: { weight: 1, bias: 2, residual: 3, channelAxis: () => 1 },
    epilogue: true,
  },

  infer(inputs, attrs) {
    const x = requireFloat(inputs, 0, 'x');
    const w = required(inputs, 1, 'w');
    const rank = spatialRank(x);
    const channels = x.shape[rank + 1]!;
    const { groups, strides, dilations, pads, outputPadding } = attrs;
    if (w.dtype !== x.dtype || w.shape.length !== rank + 2)
      throw shapeError('input w', `${x.dtype} of rank ${rank + 2}`, formatType(w));
    if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)
      throw shapeError('groups', `a divisor of ${channels} input channels`, `${groups}`);
    if (w.shape[0] !== channels)
      throw shapeError('input w', `${channels} input channels first`, formatType(w));
    const kernel = w.shape.slice(2);
    checkWindow(rank, kernel, attrs);
    if (outputPadding.length !== rank || outputPadding.some((pad) => !Number.isInteger(pad) || pad < 0))
      throw shapeError('outputPadding', `${rank} integers, none below zero`, `[${outputPadding}]`);
    checkEpilogue(attrs);
    const outC = w.shape[1]! * groups;
    const spatial = kernel.map((size, i) => {
      const grown = strides[i]! * (x.shape[1 + i]! - 1) + reach(size, dilations[i]!) + outputPadding[i]!;
      const extent = grown - pads[i]! - pads[rank + i]!;
      if (extent < 1)
        throw shapeError(
          'pads',
          `less than ${grown} along spatial axis ${i}`,
          `${pads[i]! + pads[rank + i]!}`,
        );
      return extent;
    });
    const y: TensorType = { dtype: x.dtype, shape: [x.shape[0]!, ...spatial, outC] };
    optionalOf(inputs, 2, 'bias', { dtype: x.dtype, shape: [outC] });
    optionalOf(inputs, 3, 'residual', y);
    return [y];
  },

  evaluate(inputs, attrs, [yType]) {
    const x = present(inputs, 0);
    const w = present(inputs, 1);
    const [channels, groupOut, ...kernel] = w.type.shape as [number, number, ...number[]];
    const taps = kernel.reduce((product, size) => product * size, 1);
    const weights = realsOf(w);
    const y = convolve(yType!, {
      window: windowOf(x.type.shape, yType!.shape, kernel, attrs),
      groups: attrs.groups,
      pixels: realsOf(x),
      channels,
      bias: optionalReals(inputs[2]),
      source,
      weight(n, c, tap) {
        const row = Math.floor(n / groupOut) * (channels / attrs.groups) + c;
        return weights[(row * groupOut + (n % groupOut)) * taps + tap]!;
      },
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
    const window = windowOf(x.shape, y.shape, w.shape.slice(2), attrs);
    // A negative begin pad (output padding before the image) is left to the reference.
    if (window.h.begin < 0 || window.w.begin < 0) return null;
    const inC = x.shape.at(-1)!;
    const outC = y.shape.at(-1)!;
    const channels = outC / attrs.groups;
    const taps = window.h.kernel * window.w.kernel;
    const weight: PanelWeight = {
      layout: 'panels',
      ...packed,
      groups: attrs.groups,
      channels,
      reduce: [window.h.kernel, window.w.kernel, inC / attrs.groups],
      reduceStrides: [window.w.kernel, 1, channels * taps],
      channelStride: taps,
      groupStride: (inC / attrs.groups) * channels * taps,
    };
    return {
      calls: [
        call(
          'f32-conv-transpose',
          { y: { output: 0 }, x: { input: 0 }, w: { weight: 0 }, residual: inputs[3] ? { input: 3 } : null },
          {
            ...windowParams(window, inC, outC),
            groups: attrs.groups,
            ldx: inC,
            ldy: outC,
            ldr: outC,
            ...wholeLayer(weight),
            ...epilogueParams(attrs),
          },
        ),
      ],
      weights: [weight],
      scratch: [],
    };
  },

  cost(inputs, outputs) {
    const x = required(inputs, 0, 'x');
    const w = required(inputs, 1, 'w');
    return {
      flops: 2 * elementCount(x.shape) * elementCount(w.shape.slice(1)),
      bytes: trafficOf([x, inputs[3] ?? null], outputs),
    };
  },
});
