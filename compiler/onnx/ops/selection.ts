/** Ops whose results have sizes that depend on data: planned as large as they may become, with the true size beside. */
import type { ValueId } from '../../ir/graph.ts';
import type { ExportNode } from '../export/node.ts';
import { defineOnnx, type Import, withConstants } from './define.ts';

const nonZero: Import = (node) => {
  const given = node.input(0);
  // A number is one element.
  const x = node.shape(given).length === 0 ? node.reshape(given, [1], 'element') : given;
  const [places, count] = node.emitAll('nonZero', [x]) as [ValueId, ValueId];
  return [node.sized(places, 1, count)];
};

/** Without an axis, of all elements in order. */
const compress: Import = (node) => {
  let x = node.input(0);
  let condition = node.input(1);
  if (!node.has('axis')) x = node.reshape(x, [node.shape(x).reduce((count, n) => count * n, 1)], 'flat');
  const axis = node.axis(node.int('axis', 0), node.shape(x).length);
  const [extent, length] = [node.shape(x)[axis]!, node.shape(condition)[0] ?? 0];
  // Longer than there are elements, it has to be false there.
  if (length > extent) {
    const attrs = { starts: [0], steps: [1], sizes: [extent] };
    condition = node.emit('slice', [condition], attrs, 'condition');
  }
  const [slices, count] = node.emitAll('compress', [x, condition], { axis }) as [ValueId, ValueId];
  return [node.sized(slices, axis, count)];
};

const unique: Import = (node) => {
  let x = node.input(0);
  if (!node.has('axis')) x = node.reshape(x, [node.shape(x).reduce((count, n) => count * n, 1)], 'flat');
  const axis = node.axis(node.int('axis', 0), node.shape(x).length);
  const sorted = node.int('sorted', 1) !== 0;
  const [y, first, inverse, counts, count] = node.emitAll('unique', [x], { axis, sorted }) as ValueId[];
  const sized = (value: ValueId, along: number): ValueId => node.sized(value, along, count!);
  return [sized(y!, axis), sized(first!, 0), inverse!, sized(counts!, 0)];
};

type Limit = 'max_output_boxes_per_class' | 'iou_threshold' | 'score_threshold';

const nonMaxSuppression: Import<Limit> = (node) => {
  const attrs = {
    most: Math.min(node.constantNumber('max_output_boxes_per_class') ?? 0, 2 ** 31),
    overlap: node.constantNumber('iou_threshold') ?? 0,
    least: node.constantNumber('score_threshold') ?? Number.NEGATIVE_INFINITY,
    centred: node.int('center_point_box', 0) !== 0,
  };
  const inputs = [node.input(0), node.input(1)];
  const [rows, count] = node.emitAll('nonMaxSuppression', inputs, attrs) as [ValueId, ValueId];
  return [node.sized(rows, 0, count)];
};

/** ONNX has no results of a largest size. */
const unwritten = (node: ExportNode): never => node.unsupported('a result whose size depends on data');

export const selection = defineOnnx({
  imports: {
    NonZero: nonZero,
    Compress: compress,
    Unique: unique,
    NonMaxSuppression: withConstants(
      { max_output_boxes_per_class: 2, iou_threshold: 3, score_threshold: 4 },
      nonMaxSuppression,
    ),
  },
  exports: {
    nonZero: unwritten,
    compress: unwritten,
    unique: unwritten,
    nonMaxSuppression: unwritten,
    trim: unwritten,
  },
});
