/** Reductions along axes. */

import type { ValueId } from '../../ir/graph.ts';
import { isFloat } from '../../ir/types.ts';
import type { AttrsOf } from '../../ops/index.ts';
import { int, ints } from '../export/graph.ts';
import type { ExportNode } from '../export/node.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Export, type Import, type ImportEntry, withConstants } from './define.ts';

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

/**
 * Reductions that are made of others: something done to each element, a sum, something done to the result. Integers go
 * through float64, whose roots and logarithms are cut off.
 */
const around = (
  before: (node: ImportNode<'axes'>, x: ValueId) => ValueId,
  after: (node: ImportNode<'axes'>, sum: ValueId) => ValueId,
): ImportEntry =>
  withConstants({ axes: 1 }, (node) => {
    const given = node.input(0);
    const { dtype } = node.type(given);
    const wide = isFloat(dtype) ? given : node.emit('cast', [given], { to: 'float64' }, 'wide');
    const attrs = reductionOf(node);
    const each = before(node, wide);
    const sum = attrs.axes.length === 0 ? each : node.emit('reduceSum', [each], attrs, 'sum');
    const y = after(node, sum);
    return [isFloat(dtype) ? y : node.emit('cast', [y], { to: dtype }, 'whole')];
  });

const as = (_node: ImportNode<'axes'>, x: ValueId): ValueId => x;
const absolute = (node: ImportNode<'axes'>, x: ValueId): ValueId => node.emit('abs', [x], {}, 'absolute');
const squared = (node: ImportNode<'axes'>, x: ValueId): ValueId => node.emit('mul', [x, x], {}, 'squared');
const root = (node: ImportNode<'axes'>, x: ValueId): ValueId => node.emit('sqrt', [x], {}, 'root');
const logarithm = (node: ImportNode<'axes'>, x: ValueId): ValueId => node.emit('log', [x], {}, 'log');

/** The largest element is taken out before `exp`, which else overflows; one that is infinite stays. */
const logSumExp: Import<'axes'> = (node) => {
  const given = node.input(0);
  const { dtype } = node.type(given);
  const x = isFloat(dtype) ? given : node.emit('cast', [given], { to: 'float64' }, 'wide');
  const { axes, keepDims } = reductionOf(node);
  if (axes.length === 0) return [given];
  const most = node.emit('reduceMax', [x], { axes, keepDims: true }, 'most');
  const largest = dtype === 'float16' ? 65504 : 3.4028234663852886e38;
  const finite = node.emit('clip', [most], { min: -largest, max: largest }, 'finite');
  const power = node.emit('exp', [node.emit('sub', [x, finite], {}, 'less')], {}, 'power');
  const sum = node.emit('reduceSum', [power], { axes, keepDims: true }, 'sum');
  const full = node.emit('add', [node.emit('log', [sum], {}, 'log'), finite], {}, 'whole');
  const shape = node.shape(full).filter((_, axis) => keepDims || !axes.includes(axis));
  const y = node.reshape(full, shape, 'squeezed');
  return [isFloat(dtype) ? y : node.emit('cast', [y], { to: dtype }, 'rounded')];
};

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
    ReduceL1: around(absolute, as),
    ReduceL2: around(squared, root),
    ReduceSumSquare: around(squared, as),
    ReduceLogSum: around(as, logarithm),
    ReduceLogSumExp: withConstants({ axes: 1 }, logSumExp),
  },
  exports: {
    reduceMean: write('ReduceMean', 18, 'GlobalAveragePool'),
    reduceMax: write('ReduceMax', 18, 'GlobalMaxPool'),
    reduceMin: write('ReduceMin', 18),
    reduceProd: write('ReduceProd', 18),
    reduceSum: write('ReduceSum', 13),
  },
});
