/**
 * Resize. ONNX says the extents by scales or by sizes and derives the other; where neither derivation gives ours, or
 * runtimes lack the case, the taps are written out: elements gathered along each axis, weighted and added.
 */
import { tapsOf } from '../../../ops/movement/resize-taps.ts';
import type { NodeExport } from '../context.ts';
import { int, string } from '../draft.ts';
import { type Emit, type Exporter, plainly } from './exporter.ts';

/** Linear in 4 dimensions is known over rows and columns only, wherever the channels are. */
function isCommon(node: NodeExport): boolean {
  if (node.text('mode') !== 'linear') return true;
  const scales = node.numbers('scales');
  const rank = scales.length;
  if (rank === 4) return scales[0] === 1 && (scales[1] === 1 || scales[3] === 1);
  return rank === 2 || rank === 3;
}

/** Operands that say the extents, or null where none can. */
function extents(node: NodeExport): string[] | null {
  const scales = node.numbers('scales');
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

const resize: Emit = (node) => {
  const coordinates = node.text('coordinates');
  const known = isCommon(node) && (coordinates !== 'half_pixel_symmetric' || node.opset >= 19);
  const operands = known ? extents(node) : null;
  if (operands === null) return [tapByTap(node)];
  const mode = node.text('mode');
  return [
    node.add('Resize', [node.input(0), ...operands], {
      mode: string(mode),
      coordinate_transformation_mode: string(coordinates),
      ...(mode === 'nearest' ? { nearest_mode: string(node.text('nearest')) } : {}),
    }),
  ];
};

function tapByTap(node: NodeExport): string {
  const attrs = {
    shape: node.numbers('shape'),
    scales: node.numbers('scales'),
    mode: node.text('mode'),
    coordinates: node.text('coordinates'),
    nearest: node.text('nearest'),
  };
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

export const resizing: Readonly<Record<string, Exporter>> = { resize: plainly(resize) };
