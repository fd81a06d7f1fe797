/**
 * Convolution whose taps read where offsets move them, each weighted by a mask: x [N, H, W, C], w [O, C/groups, kh, kw],
 * offsets [N, 2·parts·kh·kw, oh, ow] (row, then column), mask [N, parts·kh·kw, oh, ow]. Each part of the channels has
 * offsets of its own. (ONNX DeformConv-22; Zhu et al., Deformable ConvNets v2, 2019)
 */
import { elementCount, formatType, sameShape } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { defineOp, required, requireRank, shapeError } from '../define/op.ts';
import { numbers, optionalOf, requireFloat } from '../define/typing.ts';
import { checkWindow, outputExtents } from '../lowering/window.ts';
import { optionalReals, present, realsOf, tensorOfReals } from '../reference/reals.ts';
import { newCorners, setCorners } from './bilinear.ts';

export const deformConv = /* @__PURE__ */ defineOp({
  name: 'deformConv',
  inputs: ['x', 'w', 'offsets', 'bias?', 'mask?'],
  attrs: { strides: numbers, dilations: numbers, pads: numbers, groups: 1, parts: 1 },
  required: ['strides', 'dilations', 'pads'],
  traits: {},
  infer(inputs, attrs) {
    requireFloat(inputs, 0, 'x');
    const x = requireRank(inputs, 0, 'x', 4);
    const w = requireRank(inputs, 1, 'w', 4);
    const offsets = required(inputs, 2, 'offsets');
    const { groups, parts } = attrs;
    const kernel = w.shape.slice(2);
    checkWindow(2, kernel, attrs);
    const channels = x.shape[3]!;
    for (const [name, n] of Object.entries({ groups, parts }))
      if (!(Number.isInteger(n) && n > 0) || channels % n !== 0)
        throw shapeError(name, `a divisor of ${channels} channels`, `${n}`);
    if (w.shape[1] !== channels / groups || w.shape[0]! % groups !== 0 || w.dtype !== x.dtype)
      throw shapeError('input w', `${channels / groups} input channels per group`, formatType(w));
    const spatial = outputExtents(x.shape.slice(1, 3), kernel, attrs);
    const places = (each: number): number[] => [x.shape[0]!, each * parts * elementCount(kernel), ...spatial];
    if (!sameShape(offsets.shape, places(2)) || offsets.dtype !== x.dtype)
      throw shapeError('offsets', `${x.dtype}[${places(2)}]`, formatType(offsets));
    optionalOf(inputs, 3, 'bias', { dtype: x.dtype, shape: [w.shape[0]!] });
    optionalOf(inputs, 4, 'mask', { dtype: x.dtype, shape: places(1) });
    return [{ dtype: x.dtype, shape: [x.shape[0]!, ...spatial, w.shape[0]!] }];
  },
  evaluate(inputs, { strides, dilations, pads, groups, parts }, [type]) {
    const [x, w] = [present(inputs, 0), present(inputs, 1)];
    const [pixels, weights, offsets] = [realsOf(x), realsOf(w), realsOf(present(inputs, 2))];
    const [bias, mask] = [optionalReals(inputs[3]), optionalReals(inputs[4])];
    const [, rows, columns, channels] = x.type.shape as [number, number, number, number];
    const [, groupC, kernelH, kernelW] = w.type.shape as [number, number, number, number];
    const [batch, outH, outW, outC] = type!.shape as [number, number, number, number];
    const taps = kernelH * kernelW;
    const image = outH * outW;
    const partC = channels / parts;
    const y = new Float64Array(elementCount(type!.shape));
    // What the taps of one output read, by channel and tap: the order of the weights.
    const column = new Float64Array(channels * taps);
    const corners = newCorners();
    for (let at = 0; at < batch * image; at++) {
      const [b, o] = [Math.floor(at / image), at % image];
      const [oh, ow] = [Math.floor(o / outW), o % outW];
      column.fill(0);
      for (let place = 0; place < parts * taps; place++) {
        const [part, tap] = [Math.floor(place / taps), place % taps];
        const moved = (b * parts * taps + place) * 2 * image + o;
        const row = oh * strides[0]! - pads[0]! + Math.floor(tap / kernelW) * dilations[0]! + offsets[moved]!;
        const col = ow * strides[1]! - pads[1]! + (tap % kernelW) * dilations[1]! + offsets[moved + image]!;
        const strength = mask === null ? 1 : mask[(b * parts * taps + place) * image + o]!;
        setCorners(corners, row, col, rows, columns);
        for (let i = 0; i < 4; i++) {
          const weight = corners.weights[i]! * strength;
          if (weight === 0) continue;
          const from = (b * rows * columns + corners.offsets[i]!) * channels + part * partC;
          for (let c = 0; c < partC; c++)
            column[(part * partC + c) * taps + tap]! += weight * pixels[from + c]!;
        }
      }
      for (let n = 0; n < outC; n++) {
        const first = Math.floor(n / (outC / groups)) * groupC * taps;
        let sum = bias === null ? 0 : bias[n]!;
        for (let k = 0; k < groupC * taps; k++) sum += weights[n * groupC * taps + k]! * column[first + k]!;
        y[at * outC + n] = sum;
      }
    }
    return [tensorOfReals(type!, y)];
  },
  host: 'reads at places that data decide',
  cost: (inputs, outputs) => ({
    flops: 2 * elementCount(outputs[0]!.shape) * elementCount(required(inputs, 1, 'w').shape.slice(1)),
    bytes: trafficOf(inputs, outputs),
  }),
});
