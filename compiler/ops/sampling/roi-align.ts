/**
 * Regions of images [N, H, W, C], each pooled to height × width: the mean of samples between pixels, or the largest of
 * their four weighted parts, as ONNX has it. A region is [left, top, right, bottom] of the image `batch` says, in units of 1/scale pixels. (ONNX RoiAlign-22)
 */

import { MillraceError } from '../../../runtime/error.ts';
import { elementCount, formatType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { defineOp, required, requireRank, shapeError } from '../define/op.ts';
import { requireFloat } from '../define/typing.ts';
import { present, realsOf, tensorOfReals } from '../reference/reals.ts';
import { newCorners, setCorners } from './bilinear.ts';

export const roiAlign = /* @__PURE__ */ defineOp({
  name: 'roiAlign',
  inputs: ['x', 'regions', 'batch'],
  attrs: { height: 1, width: 1, sampling: 0, scale: 1, mode: 'avg', halfPixel: true },
  required: ['height', 'width'],
  traits: {},
  infer(inputs, { height, width, mode, sampling }) {
    const x = requireRank(inputs, 0, 'x', 4);
    requireFloat(inputs, 0, 'x');
    const regions = requireFloat(inputs, 1, 'regions');
    const batch = required(inputs, 2, 'batch');
    if (regions.shape.length !== 2 || regions.shape[1] !== 4)
      throw shapeError('regions', '[regions, 4]', formatType(regions));
    if (batch.shape.length !== 1 || batch.shape[0] !== regions.shape[0] || batch.dtype !== 'int64')
      throw shapeError('batch', `int64[${regions.shape[0]}]`, formatType(batch));
    if (mode !== 'avg' && mode !== 'max') throw shapeError('mode', 'avg, max', `"${mode}"`);
    if (![height, width].every((n) => Number.isInteger(n) && n > 0) || !(sampling >= 0))
      throw shapeError('height, width', 'positive integers', `${height}, ${width}`);
    return [{ dtype: x.dtype, shape: [regions.shape[0]!, height, width, x.shape[3]!] }];
  },
  evaluate(inputs, { height, width, sampling, scale, mode, halfPixel }, [type]) {
    const x = present(inputs, 0);
    const [pixels, regions, batch] = [realsOf(x), realsOf(present(inputs, 1)), realsOf(present(inputs, 2))];
    const [images, rows, columns, channels] = x.type.shape as [number, number, number, number];
    const y = new Float64Array(elementCount(type!.shape));
    const corners = newCorners();
    const value = new Float64Array(channels);
    const shift = halfPixel ? 0.5 : 0;
    const least = halfPixel ? Number.NEGATIVE_INFINITY : 1;
    for (let r = 0; r < type!.shape[0]!; r++) {
      const image = batch[r]!;
      if (!(image >= 0 && image < images))
        throw new MillraceError('MODEL_INVALID', 'roiAlign: no such image', {
          expected: `0 to ${images - 1}`,
          got: `${image}`,
        });
      const [left, top, right, bottom] = [0, 1, 2, 3].map((i) => regions[4 * r + i]! * scale - shift) as [
        number,
        number,
        number,
        number,
      ];
      const binH = Math.max(least, bottom - top) / height;
      const binW = Math.max(least, right - left) / width;
      const samplesH = sampling > 0 ? sampling : Math.ceil(binH);
      const samplesW = sampling > 0 ? sampling : Math.ceil(binW);
      const count = Math.max(1, samplesH * samplesW);
      for (let bin = 0; bin < height * width; bin++) {
        const at = (r * height * width + bin) * channels;
        const [oh, ow] = [Math.floor(bin / width), bin % width];
        for (let s = 0; s < samplesH * samplesW; s++) {
          const sh = top + (oh + (Math.floor(s / samplesW) + 0.5) / samplesH) * binH;
          const sw = left + (ow + ((s % samplesW) + 0.5) / samplesW) * binW;
          value.fill(0);
          // What lies within a pixel of the image counts as its edge; what lies further out is nothing.
          if (sh >= -1 && sh <= rows && sw >= -1 && sw <= columns) {
            const inside = (n: number, extent: number): number => Math.min(Math.max(n, 0), extent - 1);
            setCorners(corners, inside(sh, rows), inside(sw, columns), rows, columns);
            for (let i = 0; i < 4; i++) {
              const weight = corners.weights[i]!;
              const from = (image * rows * columns + corners.offsets[i]!) * channels;
              for (let c = 0; c < channels; c++) {
                const part = weight * pixels[from + c]!;
                if (mode === 'avg') value[c]! += part;
                else value[c] = i === 0 ? part : Math.max(value[c]!, part);
              }
            }
          }
          for (let c = 0; c < channels; c++)
            if (mode === 'avg') y[at + c]! += value[c]! / count;
            else y[at + c] = s === 0 ? value[c]! : Math.max(y[at + c]!, value[c]!);
        }
      }
    }
    return [tensorOfReals(type!, y)];
  },
  host: 'reads at places that data decide',
  cost: (inputs, outputs, { sampling }) => ({
    flops: 8 * elementCount(outputs[0]!.shape) * Math.max(1, sampling) ** 2,
    bytes: trafficOf(inputs, outputs),
  }),
});
