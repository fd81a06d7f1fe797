/** Networks of ops that read images at places of their own, and of signals, to be written as ONNX. */
import type { DType, Shape } from '../../compiler/ir/types.ts';
import type { Case, Operand } from './export-cases.ts';

const x = (...shape: number[]): Operand => ({ shape });
const given = (dtype: DType, shape: Shape, values: readonly number[]): Operand => ({ dtype, shape, values });
const places = (...shape: number[]): Operand => ({ shape, range: [-1.2, 1.2] });
const window = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };

function resample(from: Shape, shape: Shape, attrs: Case['attrs'], oracle?: string): Case {
  const scales = shape.map((extent, axis) => extent / from[axis]!);
  const one = { op: 'resample', inputs: [{ shape: from }], attrs: { shape, scales, ...attrs } };
  return oracle === undefined ? one : { ...one, oracle };
}

export const samplingCases: readonly Case[] = [
  resample([1, 2, 4, 5], [1, 2, 8, 7], { mode: 'cubic' }),
  resample([1, 2, 4, 5], [1, 2, 3, 4], { mode: 'cubic', cubic: -0.5, excludeOutside: true }),
  resample([1, 2, 6, 5], [1, 2, 3, 4], { mode: 'linear', antialias: true }),
  resample([1, 2, 6, 5], [1, 2, 6, 4], { mode: 'cubic', antialias: true, coordinates: 'align_corners' }),
  resample([1, 1, 4, 4], [1, 1, 3, 3], {
    mode: 'linear',
    coordinates: 'tf_crop_and_resize',
    roi: [0, 0, 0.4, 0.6, 1, 1, 1.2, 1.7],
    extrapolation: 10,
  }),
  resample([1, 2, 4, 5], [1, 2, 8, 10], { coordinates: 'half_pixel_symmetric' }, 'cubic and symmetric'),
  { op: 'maxPoolIndices', inputs: [x(2, 5, 4, 3)], attrs: { kernel: [2, 2], ...window, strides: [2, 2] } },
  {
    op: 'maxPoolIndices',
    inputs: [x(1, 5, 4, 2)],
    attrs: { kernel: [3, 2], ...window, pads: [1, 0, 1, 0], columnMajor: true },
  },
  ...['nearest', 'linear', 'cubic'].flatMap((mode): Case[] => [
    { op: 'gridSample', inputs: [x(1, 4, 5, 2), places(1, 2, 3, 2)], attrs: { mode } },
    {
      op: 'gridSample',
      inputs: [x(1, 4, 5, 2), places(1, 2, 3, 2)],
      attrs: { mode, padding: 'reflection', alignCorners: true },
    },
  ]),
  { op: 'gridSample', inputs: [x(1, 3, 4, 5, 2), places(1, 2, 2, 2, 3)], attrs: { padding: 'border' } },
  {
    op: 'roiAlign',
    inputs: [x(2, 6, 6, 3), given('float32', [2, 4], [0, 0, 4, 5, 1, 1, 3, 3]), given('int64', [2], [0, 1])],
    attrs: { height: 2, width: 2, sampling: 2 },
  },
  {
    op: 'roiAlign',
    inputs: [x(1, 6, 6, 3), given('float32', [1, 4], [0, 0, 8, 10]), given('int64', [1], [0])],
    attrs: { height: 2, width: 3, scale: 0.5, mode: 'max', halfPixel: false },
  },
  {
    op: 'deformConv',
    inputs: [x(1, 4, 4, 4), { shape: [2, 4, 2, 2], range: [-1, 1] }, places(1, 8, 3, 3), x(2), x(1, 4, 3, 3)],
    attrs: window,
  },
  {
    op: 'deformConv',
    inputs: [x(1, 4, 4, 4), { shape: [2, 2, 2, 2], range: [-1, 1] }, places(1, 16, 3, 3)],
    attrs: { ...window, groups: 2, parts: 2 },
  },
  {
    op: 'columnsToImage',
    inputs: [x(1, 8, 9)],
    attrs: { image: [4, 4], block: [2, 2], ...window },
  },
  { op: 'dft', inputs: [x(2, 5, 1)], attrs: { length: 5, axis: 1, onesided: true } },
  { op: 'dft', inputs: [x(2, 4, 3, 2)], attrs: { length: 8, axis: 1, inverse: true } },
  { op: 'det', inputs: [x(2, 3, 3)] },
];
