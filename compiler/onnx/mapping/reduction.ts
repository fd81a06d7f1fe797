/** Reductions along axes, and softmax. */
import type { Mapping, NodeContext } from '../import/context.ts';

/** Axes are an attribute until opset 18 (ReduceSum: 13), then an input; none means all, unless told otherwise. */
function reductionOf(node: NodeContext): { axes: number[]; keepDims: boolean } {
  const rank = node.shape(node.input(0)).length;
  const given = node.intsOf('axes', 1, 'operand axes');
  const none = given === null || given.length === 0;
  const all = none && node.int('noop_with_empty_axes', 0) === 0;
  const axes = all ? Array.from({ length: rank }, (_, i) => i) : node.axes(given ?? [], rank);
  return { axes: axes.sort((a, b) => a - b), keepDims: node.int('keepdims', 1) !== 0 };
}

const reduce =
  (op: string): Mapping =>
  (node) => {
    const attrs = reductionOf(node);
    return attrs.axes.length === 0 ? [node.input(0)] : [node.emit(op, [node.input(0)], attrs)];
  };

/**
 * Until opset 12 everything from `axis` (default 1) on is one dimension; since 13 `axis` (default −1) is that axis
 * alone. They agree where nothing larger than 1 follows the axis.
 */
const softmax =
  (op: string): Mapping =>
  (node) => {
    const x = node.input(0);
    const shape = node.shape(x);
    const rank = shape.length;
    const axis = node.axis(node.int('axis', node.opset < 13 ? 1 : -1), rank);
    const rest = shape.slice(axis + 1);
    if (node.opset >= 13 || rest.every((dim) => dim === 1)) return [node.emit(op, [x], { axis })];
    const count = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);
    const flat = node.reshape(x, [count(shape.slice(0, axis)), count(shape.slice(axis))], 'flat');
    return [node.reshape(node.emit(op, [flat], { axis: 1 }), shape, 'shape')];
  };

export const reduction: Readonly<Record<string, Mapping>> = {
  ReduceMean: reduce('reduceMean'),
  ReduceSum: reduce('reduceSum'),
  ReduceMax: reduce('reduceMax'),
  ReduceMin: reduce('reduceMin'),
  ReduceProd: reduce('reduceProd'),
  Softmax: softmax('softmax'),
  LogSoftmax: softmax('logSoftmax'),
};
