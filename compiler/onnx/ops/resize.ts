/** Resize, and its ancestor Upsample. ONNX says the extents by scales or by sizes and derives the other. */
import { isFloat } from '../../ir/types.ts';
import type { AttrsOf } from '../../ops/index.ts';
import { coordinateNames } from '../../ops/movement/resize-taps.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import, withConstants } from './define.ts';
import { writeResample, writeResize } from './resize-export.ts';

type Rule = Omit<AttrsOf<'resample'>, 'shape' | 'scales'>;

/** What ONNX says where attributes are absent; coordinates are those of opset 10 and of Upsample. */
const old: Rule = {
  mode: 'nearest',
  coordinates: 'asymmetric',
  nearest: 'floor',
  cubic: -0.75,
  antialias: false,
  excludeOutside: false,
  roi: [],
  extrapolation: 0,
};

/** The kernel's op where it can say it, else the general one. */
function emit(
  node: ImportNode,
  scales: readonly number[],
  shape: readonly number[],
  rule: Rule,
): ReturnType<Import> {
  const x = node.input(0);
  const { shape: from, dtype } = node.type(x);
  if (shape.some((dim) => !Number.isSafeInteger(dim) || dim < 0) || scales.some((scale) => !(scale > 0)))
    node.invalid('scales or sizes', 'positive numbers', `[${scales}]`);
  const crops = rule.coordinates === 'tf_crop_and_resize';
  // Equal extents say nothing alone: a scale of 1.1 on 5 gives 5, sampled elsewhere.
  const same = shape.every((dim, i) => dim === from[i]) && scales.every((scale) => scale === 1);
  if (same && !crops && rule.coordinates !== 'tf_half_pixel_for_nn') return [x];
  const mode = rule.mode === 'bilinear' || rule.mode === 'trilinear' ? 'linear' : rule.mode;
  if (mode !== 'nearest' && mode !== 'linear' && mode !== 'cubic')
    node.invalid('attribute "mode"', 'nearest, linear or cubic', mode);
  const { coordinates, nearest } = rule;
  const size = { shape: [...shape], scales: [...scales] };
  const plain = !crops && !rule.excludeOutside && !rule.antialias;
  if (mode === 'nearest' ? !crops : mode === 'linear' && plain && isFloat(dtype))
    return [node.emit('resize', [x], { ...size, mode, coordinates, nearest })];
  return [node.emit('resample', [x], { ...rule, ...size, mode })];
}

const upsample: Import<'scales'> = (node) => {
  const from = node.shape(node.input(0));
  const scales =
    node.floats('scales') ??
    imageScales(node, from.length) ??
    node.constantNumbers('scales') ??
    node.invalid('has no scales');
  if (scales.length !== from.length) node.invalid('scales', `${from.length} numbers`, `${scales.length}`);
  const shape = scaled(from, scales);
  return emit(node, scales, shape, { ...old, mode: node.string('mode', 'nearest') });
};

/** Until opset 6, attributes of their own for rows and columns. */
function imageScales(node: ImportNode, rank: number): number[] | null {
  if (node.opset >= 7) return null;
  if (rank !== 4) node.invalid('input', 'rank 4', `rank ${rank}`);
  return [1, 1, node.float('height_scale', 0), node.float('width_scale', 0)];
}

/** Scales are float32: 2/3 of 6 is 4 only if the product is rounded as float32 is. */
const scaled = (from: readonly number[], scales: readonly number[]): number[] =>
  from.map((dim, i) => Math.floor(Math.fround(dim * scales[i]!)));

const importResize: Import<'roi' | 'scales' | 'sizes'> = (node) => {
  const from = node.shape(node.input(0));
  const mode = node.string('mode', 'nearest');
  if (node.opset < 11) {
    const scales = node.constantNumbers('scales') ?? node.invalid('has no scales');
    if (scales.length !== from.length) node.invalid('scales', `${from.length} numbers`, `${scales.length}`);
    return emit(node, scales, scaled(from, scales), { ...old, mode });
  }
  const coordinates = node.string('coordinate_transformation_mode', 'half_pixel');
  const crops = coordinates === 'tf_crop_and_resize';
  if (!crops && !coordinateNames.includes(coordinates)) node.unsupported(`coordinates "${coordinates}"`);
  const nearest = node.string('nearest_mode', 'round_prefer_floor');
  const axes = node.axes(node.ints('axes') ?? from.map((_, i) => i), from.length);
  const { scales, shape } = extentsOf(node, from, axes);
  return emit(node, scales, shape, {
    mode,
    coordinates,
    nearest,
    cubic: node.float('cubic_coeff_a', -0.75),
    // Where nothing shrinks it changes nothing.
    antialias: node.int('antialias', 0) !== 0 && mode !== 'nearest' && scales.some((scale) => scale < 1),
    excludeOutside: node.int('exclude_outside', 0) !== 0,
    roi: crops ? regionOf(node, from, axes) : [],
    extrapolation: node.float('extrapolation_value', 0),
  });
};

/** Starts and ends of all dimensions; those that `axes` does not name are whole. */
function regionOf(
  node: ImportNode<'roi'>,
  from: readonly number[],
  axes: readonly number[],
): readonly number[] {
  const given = node.constantNumbers('roi') ?? node.invalid('has no roi');
  if (given.length !== 2 * axes.length) node.invalid('roi', `${2 * axes.length} numbers`, `${given.length}`);
  const region = [...from.map(() => 0), ...from.map(() => 1)];
  axes.forEach((axis, i) => {
    region[axis] = given[i]!;
    region[from.length + axis] = given[axes.length + i]!;
  });
  return region;
}

/** Of all dimensions; those that `axes` does not name stay. */
function extentsOf(
  node: ImportNode<'roi' | 'scales' | 'sizes'>,
  from: readonly number[],
  axes: readonly number[],
): { scales: number[]; shape: number[] } {
  const scales = from.map(() => 1);
  const shape = [...from];
  const given = node.constantNumbers('scales') ?? [];
  const sizes = given.length === 0 ? (node.constantNumbers('sizes') ?? []) : [];
  const list = given.length > 0 ? given : sizes;
  if (list.length !== axes.length)
    node.invalid('scales or sizes', `${axes.length} numbers`, `${list.length}`);
  if (given.length > 0) {
    axes.forEach((axis, i) => {
      scales[axis] = given[i]!;
    });
    return { scales, shape: scaled(from, scales) };
  }
  axes.forEach((axis, i) => {
    shape[axis] = sizes[i]!;
    scales[axis] = sizes[i]! / from[axis]!;
  });
  const policy = node.string('keep_aspect_ratio_policy', 'stretch');
  if (policy === 'stretch') return { scales, shape };
  if (policy !== 'not_larger' && policy !== 'not_smaller')
    node.unsupported(`keep_aspect_ratio_policy "${policy}"`);
  const wanted = axes.map((axis) => scales[axis]!);
  const scale = policy === 'not_larger' ? Math.min(...wanted) : Math.max(...wanted);
  for (const axis of axes) {
    scales[axis] = scale;
    shape[axis] = Math.floor(from[axis]! * scale + 0.5);
  }
  return { scales, shape };
}

export const resize = defineOnnx({
  imports: {
    // Opset 11 put the region of interest before the scales.
    Resize: withConstants(
      { scales: (opset) => (opset < 11 ? 1 : 2), sizes: 3, roi: (opset) => (opset < 11 ? 9 : 1) },
      importResize,
    ),
    Upsample: withConstants({ scales: 1 }, upsample),
  },
  exports: { resize: writeResize, resample: writeResample },
});
