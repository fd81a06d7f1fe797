/** Ops that take a tensor apart, put tensors together or move elements about. */

import type { ValueId } from '../../ir/graph.ts';
import type { AttrsOf } from '../../ops/index.ts';
import { int, string } from '../export/graph.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Export, type Import, withConstants } from './define.ts';
import { emitSlice, slice, writeSlice } from './slicing.ts';

const concat: Import = (node) => {
  const inputs = node.inputs.map((_, i) => node.input(i));
  const first = inputs[0] ?? node.invalid('has no inputs');
  const axis = node.axis(node.int('axis', 1), node.shape(first).length);
  return [inputs.length === 1 ? first : node.emit('concat', inputs, { axis })];
};

/** Sizes by attribute (until opset 12) or input, or equal parts, of which the last may be smaller since opset 18. */
const split: Import<'split'> = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  const axis = node.axis(node.int('axis', 0), shape.length);
  const extent = shape[axis]!;
  const parts = node.node.outputs.length;
  let sizes = node.list('split');
  if (sizes === null) {
    if (node.int('num_outputs', parts) !== parts)
      node.invalid(
        'num_outputs differs from the number of outputs',
        `${parts}`,
        `${node.int('num_outputs', parts)}`,
      );
    const part = Math.ceil(extent / parts);
    if (part * parts !== extent && node.opset < 18)
      node.invalid(`${extent} cannot be split in ${parts} equal parts`);
    sizes = Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(part, extent - i * part)));
  }
  if (sizes.length !== parts || sizes.some((size) => size < 0) || sizes.reduce((a, b) => a + b, 0) !== extent)
    node.invalid('split', `${parts} sizes that add up to ${extent}`, `[${sizes}]`);
  return parts === 1 ? [x] : node.emitAll('split', [x], { axis, sizes });
};

/** Negative padding cuts off; that part becomes a slice before the padding. */
const pad: Import<'pads' | 'constant_value' | 'axes'> = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  const rank = shape.length;
  const mode = node.string('mode', 'constant');
  if (mode !== 'constant' && mode !== 'reflect' && mode !== 'edge' && mode !== 'wrap')
    node.unsupported(`mode "${mode}"`);
  const given = node.list('pads') ?? node.ints('paddings') ?? node.invalid('has no pads');
  const axes = node.axes(node.constantNumbers('axes') ?? shape.map((_, i) => i), rank);
  if (given.length !== 2 * axes.length)
    node.invalid('pads', `${2 * axes.length} integers`, `${given.length}`);
  const pads = new Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    pads[axis] = given[i]!;
    pads[rank + axis] = given[axes.length + i]!;
  });
  const value = node.opset < 11 ? node.float('value', 0) : (node.constantNumber('constant_value') ?? 0);
  const cut = (n: number): number => Math.max(0, -n);
  const ranges = shape.map((extent, i) => {
    const size = extent - cut(pads[i]!) - cut(pads[rank + i]!);
    if (size < 0) node.invalid('pads cut off more than there is', `[${shape}]`, `[${given}]`);
    return { start: cut(pads[i]!), step: 1, size };
  });
  const padded = pads.map((n) => Math.max(0, n));
  const grows = padded.some((n) => n > 0);
  const kept = emitSlice(node, x, ranges, grows ? 'cut' : '');
  if (!grows) return [kept];
  return [
    mode === 'wrap' ? wrapped(node, kept, padded) : node.emit('pad', [kept], { pads: padded, mode, value }),
  ];
};

/** Each axis goes on at its other end, as often as it takes. */
function wrapped(node: ImportNode<string>, x: ValueId, pads: readonly number[]): ValueId {
  const shape = node.shape(x);
  return shape.reduce((y, extent, axis) => {
    const [before, after] = [pads[axis]!, pads[shape.length + axis]!];
    if (before + after === 0) return y;
    if (extent === 0) return node.invalid('pads', 'elements to repeat', `[${shape}]`);
    const places = Array.from({ length: before + extent + after }, (_, i) => {
      const place = (i - before) % extent;
      return place < 0 ? place + extent : place;
    });
    const indices = node.constant({ dtype: 'int64', shape: [places.length] }, places, `axis${axis}.places`);
    return node.emit('gather', [y, indices], { axis }, `axis${axis}`);
  }, x);
}

/** Cut off or filled up with zeros around the middle, to a shape; of an odd difference the larger half comes last. */
const centerCropPad: Import<'shape'> = (node) => {
  const x = node.input(0);
  const from = node.shape(x);
  const axes = node.axes(node.ints('axes') ?? from.map((_, i) => i), from.length);
  const given = node.constantNumbers('shape') ?? node.invalid('has no shape');
  if (given.length !== axes.length || given.some((n) => !(n >= 0)))
    node.invalid('shape', `${axes.length} extents`, `[${given}]`);
  const to = from.map((extent, i) => (axes.includes(i) ? given[axes.indexOf(i)]! : extent));
  const ranges = from.map((extent, i) => {
    const size = Math.min(extent, to[i]!);
    return { start: Math.floor((extent - size) / 2), step: 1, size };
  });
  const before = from.map((extent, i) => Math.max(0, Math.floor((to[i]! - extent) / 2)));
  const after = from.map((extent, i) => Math.max(0, to[i]! - extent) - before[i]!);
  const pads = [...before, ...after];
  const grows = pads.some((n) => n > 0);
  const kept = emitSlice(node, x, ranges, grows ? 'cut' : '');
  return [grows ? node.emit('pad', [kept], { pads }) : kept];
};

/**
 * Each axis is repeated as an axis of its own before it: [2, 3] by [4, 5] goes [1, 2, 1, 3], [4, 2, 5, 3], [8, 15]. Before
 * opset 6 one axis was repeated, given with its times.
 */
const tile: Import<'repeats' | 'axis'> = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  let repeats = node.constantNumbers('repeats') ?? node.invalid('has no repeats');
  if (node.opset < 6) {
    const axis = node.axis(node.constantNumber('axis') ?? node.invalid('has no axis'), shape.length);
    repeats = shape.map((_, i) => (i === axis ? repeats[0]! : 1));
  }
  if (repeats.length !== shape.length || repeats.some((n) => !(n >= 0)))
    node.invalid('repeats', `${shape.length} numbers`, `[${repeats}]`);
  const pairs = (times: (i: number) => number): number[] =>
    shape.flatMap((extent, i) => (repeats[i] === 1 ? [extent] : [times(i), extent]));
  const apart = node.reshape(
    x,
    pairs(() => 1),
    'apart',
  );
  const repeated = pairs((i) => repeats[i]!);
  const tiled = repeats.every((n) => n === 1)
    ? apart
    : node.emit('expand', [apart], { shape: repeated }, 'repeated');
  return [
    node.reshape(
      tiled,
      shape.map((extent, i) => extent * repeats[i]!),
      '',
    ),
  ];
};

const reverseSequence: Import = (node) => {
  const attrs = { batchAxis: node.int('batch_axis', 1), timeAxis: node.int('time_axis', 0) };
  return [node.emit('reverseSequence', [node.input(0), node.input(1)], attrs)];
};

const writeReverseSequence: Export<AttrsOf<'reverseSequence'>> = (node) => {
  const attributes = { batch_axis: int(node.attrs.batchAxis), time_axis: int(node.attrs.timeAxis) };
  return [node.add('ReverseSequence', node.all(), attributes)];
};

const writeConcat: Export<AttrsOf<'concat'>> = (node) => [
  node.add('Concat', node.all(), { axis: int(node.attrs.axis) }),
];

const writeSplit: Export<AttrsOf<'split'>> = (node) => {
  const sizes = node.indices(node.attrs.sizes, 'sizes');
  return node.addAll('Split', [node.input(0), sizes], { axis: int(node.attrs.axis) }, '', node.outputs);
};

const writePad: Export<AttrsOf<'pad'>> = (node) => {
  const value = node.attrs.value;
  const filled = value === 0 ? [] : [node.operand(node.type.dtype, [], [value], 'value')];
  const operands = [node.input(0), node.indices(node.attrs.pads, 'pads'), ...filled];
  return [node.add('Pad', operands, { mode: string(node.attrs.mode) })];
};

/** Without an operand k the main diagonal is where the triangle ends; upper by default. */
const trilu: Import<'k'> = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  if (shape.length < 2) node.invalid('input', 'rank 2 or more', `rank ${shape.length}`);
  const [rows, columns] = shape.slice(-2) as [number, number];
  // Beyond the corners all diagonals are alike.
  const k = Math.max(-rows, Math.min(columns, node.constantNumber('k') ?? 0));
  return [node.emit('trilu', [x], { upper: node.int('upper', 1) !== 0, k })];
};

const writeTrilu: Export<AttrsOf<'trilu'>> = (node) => {
  const { k } = node.attrs;
  const operands = k === 0 ? [] : [node.operand('int64', [], [k], 'k')];
  return [node.add('Trilu', [node.input(0), ...operands], { upper: int(node.attrs.upper) })];
};

export const movement = defineOnnx({
  imports: {
    Concat: concat,
    Split: withConstants({ split: 1 }, split),
    Slice: withConstants({ starts: 1, ends: 2, axes: 3, steps: 4 }, slice),
    Pad: withConstants({ pads: 1, constant_value: 2, axes: 3 }, pad),
    CenterCropPad: withConstants({ shape: 1 }, centerCropPad),
    Tile: withConstants({ repeats: 1, axis: 2 }, tile),
    ReverseSequence: reverseSequence,
    Trilu: withConstants({ k: 1 }, trilu),
  },
  exports: {
    concat: writeConcat,
    split: writeSplit,
    slice: writeSlice,
    pad: writePad,
    trilu: writeTrilu,
    reverseSequence: writeReverseSequence,
  },
});
