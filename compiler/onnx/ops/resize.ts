/**
 * Resize, and its ancestor Upsample. ONNX says the extents by scales or by sizes and derives the other. Where neither
 * derivation gives ours, or runtimes lack the case, an export writes the taps out: elements gathered along each axis,
 * weighted and added.
 */
import type { AttrsOf } from '../../ops/index.ts';
import { tapsOf } from '../../ops/movement/resize-taps.ts';
import { int, string } from '../export/graph.ts';
import type { ExportNode } from '../export/node.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Export, type Import, withConstants } from './define.ts';

const coordinateModes = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
] as const;

function emit(
  node: ImportNode,
  scales: readonly number[],
  shape: readonly number[],
  mode: string,
  coordinates: string,
  nearest: string,
): ReturnType<Import> {
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

const upsample: Import<'scales'> = (node) => {
  const from = node.shape(node.input(0));
  const scales =
    node.floats('scales') ??
    imageScales(node, from.length) ??
    node.constantNumbers('scales') ??
    node.invalid('has no scales');
  if (scales.length !== from.length) node.invalid('scales', `${from.length} numbers`, `${scales.length}`);
  const shape = scaled(from, scales);
  return emit(node, scales, shape, node.string('mode', 'nearest'), 'asymmetric', 'floor');
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

const importResize: Import<'scales' | 'sizes'> = (node) => {
  const from = node.shape(node.input(0));
  const mode = node.string('mode', 'nearest');
  if (node.opset < 11) {
    const scales = node.constantNumbers('scales') ?? node.invalid('has no scales');
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
  node: ImportNode<'scales' | 'sizes'>,
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

/** Linear in 4 dimensions is known over rows and columns only, wherever the channels are. */
function isCommon(node: ExportNode<AttrsOf<'resize'>>): boolean {
  if (node.attrs.mode !== 'linear') return true;
  const scales = node.attrs.scales;
  const rank = scales.length;
  if (rank === 4) return scales[0] === 1 && (scales[1] === 1 || scales[3] === 1);
  return rank === 2 || rank === 3;
}

/** Operands that say the extents, or null where none can. */
function extents(node: ExportNode<AttrsOf<'resize'>>): string[] | null {
  const scales = node.attrs.scales;
  const from = node.typeOf(0).shape;
  const { shape } = node.type;
  const fits = from.every(
    (extent, axis) => Math.floor(Math.fround(extent * Math.fround(scales[axis]!))) === shape[axis],
  );
  if (fits) return ['', node.operand('float32', [scales.length], scales, 'scales')];
  const exact = from.every(
    (extent, axis) => Math.fround(shape[axis]! / extent) === Math.fround(scales[axis]!),
  );
  return exact ? ['', '', node.indices(shape, 'sizes')] : null;
}

const writeResize: Export<AttrsOf<'resize'>> = (node) => {
  const coordinates = node.attrs.coordinates;
  const known = isCommon(node) && (coordinates !== 'half_pixel_symmetric' || node.opset >= 19);
  const operands = known ? extents(node) : null;
  if (operands === null) return [tapByTap(node)];
  const mode = node.attrs.mode;
  return [
    node.add('Resize', [node.input(0), ...operands], {
      mode: string(mode),
      coordinate_transformation_mode: string(coordinates),
      ...(mode === 'nearest' ? { nearest_mode: string(node.attrs.nearest) } : {}),
    }),
  ];
};

function tapByTap(node: ExportNode<AttrsOf<'resize'>>): string {
  const { attrs } = node;
  const shape = [...node.typeOf(0).shape];
  const { dtype } = node.type;
  let tensor = node.input(0);
  // The last axis first, as the op does it.
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const taps = tapsOf(shape[axis]!, attrs.shape[axis]!, attrs.scales[axis]!, attrs);
    if (taps.length === shape[axis] && taps.every(({ low, highWeight }, i) => low === i && highWeight === 0))
      continue;
    shape[axis] = taps.length;
    const type = { dtype, shape: [...shape] };
    const from = tensor;
    const gathered = (end: 'low' | 'high'): string => {
      const indices = node.indices(
        taps.map((tap) => tap[end]),
        `axis${axis}.${end}.indices`,
      );
      return node.add('Gather', [from, indices], { axis: int(axis) }, `axis${axis}.${end}`, type);
    };
    const weighted = (end: 'low' | 'high'): string => {
      const along = [taps.length, ...shape.slice(axis + 1).map(() => 1)];
      const weights = taps.map((tap) => tap[`${end}Weight`]);
      const operand = node.operand(dtype, along, weights, `axis${axis}.${end}.weights`);
      return node.add('Mul', [gathered(end), operand], {}, `axis${axis}.${end}.weighted`, type);
    };
    tensor = taps.every(({ highWeight }) => highWeight === 0)
      ? gathered('low')
      : node.add('Add', [weighted('low'), weighted('high')], {}, `axis${axis}`, type);
  }
  return tensor;
}

export const resize = defineOnnx({
  imports: {
    // Opset 11 put the region of interest before the scales.
    Resize: withConstants({ scales: (opset) => (opset < 11 ? 1 : 2), sizes: 3 }, importResize),
    Upsample: withConstants({ scales: 1 }, upsample),
  },
  exports: { resize: writeResize },
});
