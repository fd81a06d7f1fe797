/** Resize and its ancestor Upsample: output extents from scales or sizes, rules by opset. */
import type { Mapping, NodeContext } from '../import/context.ts';

const coordinateModes = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
] as const;

function emit(
  node: NodeContext,
  scales: readonly number[],
  shape: readonly number[],
  mode: string,
  coordinates: string,
  nearest: string,
): ReturnType<Mapping> {
  const x = node.input(0);
  const from = node.shape(x);
  if (shape.some((dim) => !Number.isSafeInteger(dim) || dim < 0) || scales.some((scale) => !(scale > 0)))
    node.invalid('scales or sizes', 'positive numbers', `[${scales}]`);
  // Equal extents say nothing alone: a scale of 1.1 on 5 gives 5, sampled elsewhere.
  if (shape.every((dim, i) => dim === from[i]) && scales.every((scale) => scale === 1)) return [x];
  if (mode === 'cubic') node.unsupported('mode cubic');
  const kind = mode === 'bilinear' || mode === 'trilinear' ? 'linear' : mode;
  if (kind !== 'nearest' && kind !== 'linear')
    node.invalid('attribute "mode"', 'nearest, linear or cubic', mode);
  const attrs = { shape: [...shape], scales: [...scales], mode: kind, coordinates, nearest };
  return [node.emit('resize', [x], attrs)];
}

const upsample: Mapping = (node) => {
  const from = node.shape(node.input(0));
  const scales =
    node.floats('scales') ?? node.constantNumbers(1, 'operand scales') ?? node.invalid('has no scales');
  if (scales.length !== from.length) node.invalid('scales', `${from.length} numbers`, `${scales.length}`);
  const shape = scaled(from, scales);
  return emit(node, scales, shape, node.string('mode', 'nearest'), 'asymmetric', 'floor');
};

/** Scales are float32: 2/3 of 6 is 4 only if the product is rounded as float32 is. */
const scaled = (from: readonly number[], scales: readonly number[]): number[] =>
  from.map((dim, i) => Math.floor(Math.fround(dim * scales[i]!)));

const resize: Mapping = (node) => {
  const from = node.shape(node.input(0));
  const mode = node.string('mode', 'nearest');
  if (node.opset < 11) {
    const scales = node.constantNumbers(1, 'operand scales') ?? node.invalid('has no scales');
    if (scales.length !== from.length) node.invalid('scales', `${from.length} numbers`, `${scales.length}`);
    return emit(node, scales, scaled(from, scales), mode, 'asymmetric', 'floor');
  }
  const coordinates = node.string('coordinate_transformation_mode', 'half_pixel');
  if (!coordinateModes.some((known) => known === coordinates))
    node.unsupported(`coordinates "${coordinates}"`);
  const nearest = node.string('nearest_mode', 'round_prefer_floor');
  const axes = node.axes(node.ints('axes') ?? from.map((_, i) => i), from.length);
  const { scales, shape } = extentsOf(node, from, axes);
  if (node.int('antialias', 0) !== 0 && mode !== 'nearest' && scales.some((scale) => scale < 1))
    node.unsupported('antialias');
  return emit(node, scales, shape, mode, coordinates, nearest);
};

/** Of all dimensions; those that `axes` does not name stay. */
function extentsOf(
  node: NodeContext,
  from: readonly number[],
  axes: readonly number[],
): { scales: number[]; shape: number[] } {
  const scales = from.map(() => 1);
  const shape = [...from];
  const given = node.constantNumbers(2, 'operand scales') ?? [];
  const sizes = given.length === 0 ? (node.constantNumbers(3, 'operand sizes') ?? []) : [];
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

export const resizing: Readonly<Record<string, Mapping>> = { Resize: resize, Upsample: upsample };
