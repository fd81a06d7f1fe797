/** Reductions along axes. */

import { isFloat } from '../../ir/types.ts';
import type { AttrsOf } from '../../ops/index.ts';
import { int, ints } from '../export/graph.ts';
import type { ExportNode } from '../export/node.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Export, type ImportEntry, withConstants } from './define.ts';

type Reduction = 'reduceMax' | 'reduceMean' | 'reduceMin' | 'reduceProd' | 'reduceSum';

/** Axes are an attribute until opset 18 (ReduceSum: 13), then an input; none means all, unless told otherwise. */
function reductionOf(node: ImportNode<'axes'>): { axes: number[]; keepDims: boolean } {
  const rank = node.shape(node.input(0)).length;
  const given = node.list('axes');
  const none = given === null || given.length === 0;
  const all = none && node.int('noop_with_empty_axes', 0) === 0;
  const axes = all ? Array.from({ length: rank }, (_, i) => i) : node.axes(given ?? [], rank);
  return { axes: axes.sort((a, b) => a - b), keepDims: node.int('keepdims', 1) !== 0 };
}

const reduce = (op: Reduction): ImportEntry =>
  withConstants({ axes: 1 }, (node) => {
    const attrs = reductionOf(node);
    return attrs.axes.length === 0 ? [node.input(0)] : [node.emit(op, [node.input(0)], attrs)];
  });

/** Over the two spatial dimensions of an image ONNX has an op that people know better. */
const isGlobal = (node: ExportNode<AttrsOf<Reduction>>): boolean =>
  node.attrs.keepDims &&
  isFloat(node.type.dtype) &&
  node.type.shape.length === 4 &&
  String(node.attrs.axes) === '2,3';

/** Axes are an operand since opset 18, of sums since 13. */
const write =
  (op: string, operandSince: number, global: string | null = null): Export<AttrsOf<Reduction>> =>
  (node) => {
    const axes = node.attrs.axes;
    if (axes.length === 0) return [node.input(0)];
    if (node.type.dtype === 'bool') node.need(20, 'a reduction of bools');
    if (global !== null && isGlobal(node)) return [node.add(global, [node.input(0)])];
    const keepdims = int(node.attrs.keepDims);
    if (node.opset < operandSince) return [node.add(op, [node.input(0)], { axes: ints(axes), keepdims })];
    return [node.add(op, [node.input(0), node.indices(axes, 'axes')], { keepdims })];
  };

export const reduction = defineOnnx({
  imports: {
    ReduceMean: reduce('reduceMean'),
    ReduceSum: reduce('reduceSum'),
    ReduceMax: reduce('reduceMax'),
    ReduceMin: reduce('reduceMin'),
    ReduceProd: reduce('reduceProd'),
  },
  exports: {
    reduceMean: write('ReduceMean', 18, 'GlobalAveragePool'),
    reduceMax: write('ReduceMax', 18, 'GlobalMaxPool'),
    reduceMin: write('ReduceMin', 18),
    reduceProd: write('ReduceProd', 18),
    reduceSum: write('ReduceSum', 13),
  },
});
