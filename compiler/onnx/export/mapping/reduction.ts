/** Reductions along axes, and softmax. */
import { isFloat } from '../../../ir/types.ts';
import type { NodeExport } from '../context.ts';
import { int, ints } from '../draft.ts';
import { type Exporter, plainly } from './exporter.ts';

/** Over the two spatial dimensions of an image ONNX has an op that people know better. */
const isGlobal = (node: NodeExport): boolean =>
  node.flag('keepDims') &&
  isFloat(node.type.dtype) &&
  node.type.shape.length === 4 &&
  String(node.numbers('axes')) === '2,3';

/** Axes are an operand since opset 18, of sums since 13. */
const reduce = (op: string, operandSince: number, global: string | null = null): Exporter =>
  plainly((node) => {
    const axes = node.numbers('axes');
    if (axes.length === 0) return [node.input(0)];
    if (node.type.dtype === 'bool') node.need(20, 'a reduction of bools');
    if (global !== null && isGlobal(node)) return [node.add(global, [node.input(0)])];
    const keepdims = int(node.flag('keepDims'));
    if (node.opset < operandSince) return [node.add(op, [node.input(0)], { axes: ints(axes), keepdims })];
    return [node.add(op, [node.input(0), node.indices(axes, 'axes')], { keepdims })];
  });

const softmax = (op: string): Exporter =>
  plainly((node) => [node.add(op, [node.input(0)], { axis: int(node.number('axis')) })]);

export const reduction: Readonly<Record<string, Exporter>> = {
  reduceMean: reduce('ReduceMean', 18, 'GlobalAveragePool'),
  reduceMax: reduce('ReduceMax', 18, 'GlobalMaxPool'),
  reduceMin: reduce('ReduceMin', 18),
  reduceProd: reduce('ReduceProd', 18),
  reduceSum: reduce('ReduceSum', 13),
  softmax: softmax('Softmax'),
  logSoftmax: softmax('LogSoftmax'),
};
