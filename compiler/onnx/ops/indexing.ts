/** Ops that read or write at indices, or find them. */
import { elementCount, isFloat } from '../../ir/types.ts';
import type { AttrsOf } from '../../ops/index.ts';
import { int, string } from '../export/graph.ts';
import type { ExportNode } from '../export/node.ts';
import { defineOnnx, type Export, type Import, type ImportEntry, withConstants } from './define.ts';

const gather: Import = (node) => {
  const x = node.input(0);
  const axis = node.axis(node.int('axis', 0), node.shape(x).length);
  return [node.emit('gather', [x, node.input(1)], { axis })];
};

const gatherElements: Import = (node) => {
  const x = node.input(0);
  const axis = node.axis(node.int('axis', 0), node.shape(x).length);
  return [node.emit('gatherElements', [x, node.input(1)], { axis })];
};

const gatherNd: Import = (node) => [
  node.emit('gatherPoints', [node.input(0), node.input(1)], { batches: node.int('batch_dims', 0) }),
];

/** Scatter is what ScatterElements was called before opset 11. */
const scatterElements: Import = (node) => {
  const x = node.input(0);
  const axis = node.axis(node.int('axis', 0), node.shape(x).length);
  const reduction = node.string('reduction', 'none');
  return [node.emit('scatterElements', [x, node.input(1), node.input(2)], { axis, reduction })];
};

const scatterNd: Import = (node) => {
  const reduction = node.string('reduction', 'none');
  return [node.emit('scatterPoints', [node.input(0), node.input(1), node.input(2)], { reduction })];
};

const arg =
  (op: 'argMax' | 'argMin'): Import =>
  (node) => {
    const x = node.input(0);
    const axis = node.axis(node.int('axis', 0), node.shape(x).length);
    const keepDims = node.int('keepdims', 1) !== 0;
    return [node.emit(op, [x], { axis, keepDims, last: node.int('select_last_index', 0) !== 0 })];
  };

/** k is an attribute until opset 10. Where it is not known, all elements are put in order, and the first k are true. */
const topK: Import<'k'> = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  const axis = node.axis(node.int('axis', -1), shape.length);
  const largest = node.int('largest', 1) !== 0;
  const given = node.opset < 10 ? null : node.input(1);
  const known = given === null ? node.int('k', -1) : (node.numbersOf(given)?.[0] ?? null);
  if (given !== null && known === null) {
    const count = node.reshape(given, [], 'k');
    const outputs = node.emitAll('topK', [x], { k: shape[axis]!, axis, largest });
    return outputs.map((id) => node.sized(id, axis, count));
  }
  const k = known ?? 0;
  if (!(k >= 0 && k <= shape[axis]!)) node.invalid('k', `0 to ${shape[axis]}`, `${k}`);
  return node.emitAll('topK', [x], { k, axis, largest });
};

const oneHot: Import<'depth'> = (node) => {
  const indices = node.input(0);
  const depth = Math.trunc(node.constantNumber('depth') ?? node.invalid('has no depth'));
  const axis = node.axis(node.int('axis', -1), node.shape(indices).length + 1);
  return [node.emit('oneHot', [indices, node.input(2)], { depth, axis })];
};

/** 1 where the largest element of an axis is, 0 elsewhere; before opset 13 of all axes from the given one on together. */
const hardmax: Import = (node) => {
  const x = node.input(0);
  const { dtype, shape } = node.type(x);
  const whole = node.opset < 13;
  const axis = node.axis(node.int('axis', whole ? 1 : -1), shape.length);
  const rows = whole ? [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis))] : shape;
  const along = whole ? 1 : axis;
  const flat = node.reshape(x, rows, 'rows');
  const indices = node.emit('argMax', [flat], { axis: along, keepDims: false }, 'largest');
  const values = node.constant({ dtype, shape: [2] }, [0, 1], 'values');
  const hot = node.emit('oneHot', [indices, values], { depth: rows[along]!, axis: along });
  return [node.reshape(hot, shape, 'hardmax')];
};

const scan = (op: 'cumSum' | 'cumProd'): ImportEntry =>
  withConstants({ axis: 1 }, (node) => {
    const x = node.input(0);
    const given = node.constantNumber('axis') ?? node.invalid('has no axis');
    const axis = node.axis(given, node.shape(x).length);
    const exclusive = node.int('exclusive', 0) !== 0;
    return [node.emit(op, [x], { axis, exclusive, reverse: node.int('reverse', 0) !== 0 })];
  });

const tensorScatter: Import = (node) => {
  const x = node.input(0);
  const mode = node.string('mode', 'linear');
  if (mode !== 'linear' && mode !== 'circular') node.invalid('attribute "mode"', 'linear or circular', mode);
  const axis = node.axis(node.int('axis', -2), node.shape(x).length);
  const inputs = [x, node.input(1), node.optional(2)];
  return [node.emit('tensorScatter', inputs, { axis, circular: mode === 'circular' })];
};

/** ONNX's op with the same inputs and an axis. */
const alongAxis =
  (op: string): Export<{ readonly axis: number }> =>
  (node) => [node.add(op, node.all(), { axis: int(node.attrs.axis) })];

/** Sums and products came with opset 16, extremes with 18. */
function reductionOf(node: ExportNode<AttrsOf<'scatterElements' | 'scatterPoints'>>) {
  const { reduction } = node.attrs;
  if (reduction === 'none') return {};
  node.need(reduction === 'add' || reduction === 'mul' ? 16 : 18, `scattering with ${reduction}`);
  return { reduction: string(reduction) };
}

const writeScatterElements: Export<AttrsOf<'scatterElements'>> = (node) => [
  node.add('ScatterElements', node.all(), { axis: int(node.attrs.axis), ...reductionOf(node) }),
];

const writeScatterPoints: Export<AttrsOf<'scatterPoints'>> = (node) => {
  // Indices are of int64 there.
  const [x, indices, updates] = [node.input(0), node.input(1), node.input(2)];
  return [node.add('ScatterND', [x, asInt64(node, indices), updates], reductionOf(node))];
};

const writeGatherPoints: Export<AttrsOf<'gatherPoints'>> = (node) => {
  const { batches } = node.attrs;
  const inputs = [node.input(0), asInt64(node, node.input(1))];
  return [node.add('GatherND', inputs, batches === 0 ? {} : { batch_dims: int(batches) })];
};

function asInt64(node: ExportNode, indices: string): string {
  const type = node.typeOfTensor(indices);
  if (type.dtype === 'int64') return indices;
  return node.add('Cast', [indices], { to: int(7) }, 'indices', { ...type, dtype: 'int64' });
}

const writeArg =
  (op: string): Export<AttrsOf<'argMax'>> =>
  (node) => {
    const { axis, keepDims, last } = node.attrs;
    const chosen = last ? { select_last_index: int(1) } : {};
    return [node.add(op, [node.input(0)], { axis: int(axis), keepdims: int(keepDims), ...chosen })];
  };

const writeTopK: Export<AttrsOf<'topK'>> = (node) => {
  const { k, axis, largest } = node.attrs;
  const attributes = { axis: int(axis), largest: int(largest) };
  return node.addAll('TopK', [node.input(0), node.indices([k], 'k')], attributes, '', node.outputs);
};

const writeOneHot: Export<AttrsOf<'oneHot'>> = (node) => {
  const { depth, axis } = node.attrs;
  const inputs = [node.input(0), node.operand('int64', [], [depth], 'depth'), node.input(1)];
  return [node.add('OneHot', inputs, { axis: int(axis) })];
};

const writeScan =
  (op: string, since: number): Export<AttrsOf<'cumSum'>> =>
  (node) => {
    node.need(since, op);
    if (node.type.dtype === 'float16' || !(isFloat(node.type.dtype) || /32|64/.test(node.type.dtype)))
      node.unsupported(`${op} of this element type`);
    const { axis, exclusive, reverse } = node.attrs;
    const attributes = { exclusive: int(exclusive), reverse: int(reverse) };
    return [node.add(op, [node.input(0), node.operand('int64', [], [axis], 'axis')], attributes)];
  };

const writeTensorScatter: Export<AttrsOf<'tensorScatter'>> = (node) => {
  node.need(24, 'TensorScatter');
  const { axis, circular } = node.attrs;
  const mode = circular ? { mode: string('circular') } : {};
  return [node.add('TensorScatter', node.all(), { axis: int(axis), ...mode })];
};

export const indexing = defineOnnx({
  imports: {
    Gather: gather,
    GatherElements: gatherElements,
    GatherND: gatherNd,
    Scatter: scatterElements,
    ScatterElements: scatterElements,
    ScatterND: scatterNd,
    TensorScatter: tensorScatter,
    ArgMax: arg('argMax'),
    ArgMin: arg('argMin'),
    TopK: withConstants({ k: 1 }, topK),
    OneHot: withConstants({ depth: 1 }, oneHot),
    Hardmax: hardmax,
    CumSum: scan('cumSum'),
    CumProd: scan('cumProd'),
  },
  exports: {
    gather: alongAxis('Gather'),
    gatherElements: alongAxis('GatherElements'),
    gatherPoints: writeGatherPoints,
    scatterElements: writeScatterElements,
    scatterPoints: writeScatterPoints,
    tensorScatter: writeTensorScatter,
    argMax: writeArg('ArgMax'),
    argMin: writeArg('ArgMin'),
    topK: writeTopK,
    oneHot: writeOneHot,
    cumSum: writeScan('CumSum', 13),
    cumProd: writeScan('CumProd', 26),
  },
});
