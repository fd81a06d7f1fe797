/** Random cases of ops that read images at places of their own, and of signals. */
import type { Attrs } from '../../compiler/ir/constant.ts';
import type { Tensor } from '../../compiler/ir/tensor.ts';
import type { Draw, OpCase } from './op-cases.ts';

const of = (inputs: readonly (Tensor | null)[], attrs: Attrs = {}): OpCase => ({
  inputs,
  attrs,
  constants: [],
});

/** Kernel, strides, dilations and pads of a window, and extents that it fits in. */
function window(d: Draw, rank: number) {
  const list = (least: number, most: number, length = rank): number[] =>
    Array.from({ length }, () => d.integer(least, most));
  const [kernel, strides, dilations, pads] = [list(1, 3), list(1, 2), list(1, 2), list(0, 1, 2 * rank)];
  const extents = kernel.map((k, i) => (k - 1) * dilations[i]! + d.integer(1, 4));
  const outputs = extents.map((n, i) => {
    const room = n + pads[i]! + pads[rank + i]! - (kernel[i]! - 1) * dilations[i]! - 1;
    return Math.floor(room / strides[i]!) + 1;
  });
  return { kernel, strides, dilations, pads, extents, outputs };
}

export const samplingMakers: Readonly<Record<string, (draw: Draw) => OpCase>> = {
  resample: (d) => {
    const x = d.tensor(d.shape(d.integer(1, 4)), -9, 9, d.pick(['float32', 'float16', 'int32'] as const));
    const shape = x.type.shape.map((n) => d.pick([n, d.integer(1, 9)]));
    const rank = shape.length;
    return of([x], {
      shape,
      scales: shape.map((n, i) => n / x.type.shape[i]!),
      mode: d.pick(['cubic', 'linear', 'nearest']),
      coordinates: d.pick(['half_pixel', 'align_corners', 'asymmetric', 'tf_crop_and_resize']),
      cubic: d.pick([-0.75, -0.5]),
      antialias: d.chance(0.5),
      excludeOutside: d.chance(0.5),
      roi: Array.from({ length: 2 * rank }, (_, i) => (i < rank ? 0.2 : 1.1)),
      extrapolation: 3,
    });
  },
  maxPoolIndices: (d) => {
    const rank = d.integer(1, 3);
    const { kernel, strides, dilations, pads, extents } = window(d, rank);
    const x = d.tensor(
      [d.integer(1, 2), ...extents, d.integer(1, 4)],
      0,
      9,
      d.pick(['float32', 'int8'] as const),
    );
    const columnMajor = d.chance(0.5);
    return of([x], { kernel, strides, dilations, pads, ceilMode: d.chance(0.5), columnMajor });
  },
  gridSample: (d) => {
    const rank = d.integer(1, 3);
    const batch = d.integer(1, 2);
    const x = d.tensor([batch, ...d.shape(rank, 5), d.integer(1, 4)]);
    const grid = d.tensor([batch, ...d.shape(rank, 4), rank], -2, 2);
    return of([x, grid], {
      mode: d.pick(['nearest', 'linear', 'cubic']),
      padding: d.pick(['zeros', 'border', 'reflection']),
      alignCorners: d.chance(0.5),
    });
  },
  roiAlign: (d) => {
    const [images, regions] = [d.integer(1, 3), d.integer(1, 4)];
    const x = d.tensor([images, d.integer(2, 7), d.integer(2, 7), d.integer(1, 4)]);
    const corners = d.tensor([regions, 4], -2, 9);
    const batch = d.tensor([regions], 0, images, 'int64');
    return of([x, corners, batch], {
      height: d.integer(1, 3),
      width: d.integer(1, 3),
      sampling: d.integer(0, 2),
      scale: d.pick([1, 0.5]),
      mode: d.pick(['avg', 'max']),
      halfPixel: d.chance(0.5),
    });
  },
  deformConv: (d) => {
    const { kernel, strides, dilations, pads, extents, outputs } = window(d, 2);
    const [groups, parts, batch] = [d.integer(1, 2), d.integer(1, 2), d.integer(1, 2)];
    const [inC, outC] = [groups * parts * d.integer(1, 2), groups * d.integer(1, 3)];
    const taps = kernel[0]! * kernel[1]!;
    const x = d.tensor([batch, ...extents, inC]);
    const w = d.tensor([outC, inC / groups, ...kernel]);
    const offsets = d.tensor([batch, 2 * parts * taps, ...outputs], -2, 2);
    const bias = d.chance(0.5) ? d.tensor([outC]) : null;
    const mask = d.chance(0.5) ? d.tensor([batch, parts * taps, ...outputs], 0, 1) : null;
    return of([x, w, offsets, bias, mask], { strides, dilations, pads, groups, parts });
  },
  columnsToImage: (d) => {
    const { kernel, strides, dilations, pads, extents, outputs } = window(d, d.integer(1, 3));
    const size = kernel.reduce((product, n) => product * n, d.integer(1, 3));
    const x = d.tensor([d.integer(1, 2), size, outputs.reduce((product, n) => product * n, 1)]);
    return of([x], { image: extents, block: kernel, strides, dilations, pads });
  },
  dft: (d) => {
    const rank = d.integer(1, 3);
    const axis = d.integer(0, rank - 1);
    const x = d.tensor([...d.shape(rank, 9), d.integer(1, 2)]);
    return of([x], { length: d.integer(1, 12), axis, inverse: d.chance(0.5), onesided: d.chance(0.5) });
  },
  det: (d) => {
    const n = d.integer(1, 5);
    return of([d.tensor([...d.shape(d.integer(0, 2), 3), n, n])]);
  },
};
