/**
 * How resizing is written. Where ONNX derives other extents than ours from scales and from sizes, or runtimes lack the
 * case, an export writes the taps out: elements gathered along each axis, weighted and added.
 */
import type { AttrsOf } from '../../ops/index.ts';
import { tapsOf } from '../../ops/movement/resize-taps.ts';
import { float, int, string } from '../export/graph.ts';
import type { ExportNode } from '../export/node.ts';
import type { Export } from './define.ts';

/** Linear in 4 dimensions is known over rows and columns only, wherever the channels are. */
function isCommon(node: ExportNode<AttrsOf<'resize'>>): boolean {
  if (node.attrs.mode !== 'linear') return true;
  const scales = node.attrs.scales;
  const rank = scales.length;
  if (rank === 4) return scales[0] === 1 && (scales[1] === 1 || scales[3] === 1);
  return rank === 2 || rank === 3;
}

/** Operands that say the extents, or null where none can. */
function extents(node: ExportNode<AttrsOf<'resize' | 'resample'>>): string[] | null {
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

export const writeResize: Export<AttrsOf<'resize'>> = (node) => {
  const coordinates = node.attrs.coordinates;
  const known =
    isCommon(node) &&
    coordinates !== 'tf_half_pixel_for_nn' &&
    (coordinates !== 'half_pixel_symmetric' || node.opset >= 19);
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

export const writeResample: Export<AttrsOf<'resample'>> = (node) => {
  const { mode, coordinates, nearest, cubic, antialias, excludeOutside, roi, extrapolation } = node.attrs;
  if (antialias) node.need(18, 'antialiasing');
  if (coordinates === 'half_pixel_symmetric') node.need(19, coordinates);
  const operands = extents(node) ?? node.unsupported('extents that follow from no scales');
  const region = roi.length === 0 ? '' : node.operand('float32', [roi.length], roi, 'roi');
  return [
    node.add('Resize', [node.input(0), region, ...operands.slice(1)], {
      mode: string(mode),
      coordinate_transformation_mode: string(coordinates),
      ...(mode === 'nearest' ? { nearest_mode: string(nearest) } : {}),
      ...(mode === 'cubic' ? { cubic_coeff_a: float(cubic) } : {}),
      ...(antialias ? { antialias: int(1) } : {}),
      ...(excludeOutside ? { exclude_outside: int(1) } : {}),
      ...(extrapolation === 0 ? {} : { extrapolation_value: float(extrapolation) }),
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
