/** Ops that take a tensor apart, put tensors together, or read at indices. */
import type { ValueId } from '../../ir/graph.ts';
import type { Mapping, NodeContext } from '../import/context.ts';

const concat: Mapping = (node) => {
  const inputs = node.inputs.map((_, i) => node.input(i));
  const first = inputs[0] ?? node.invalid('has no inputs');
  const axis = node.axis(node.int('axis', 1), node.shape(first).length);
  return [inputs.length === 1 ? first : node.emit('concat', inputs, { axis })];
};

/** Sizes by attribute (until opset 12) or input, or equal parts, of which the last may be smaller since opset 18. */
const split: Mapping = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  const axis = node.axis(node.int('axis', 0), shape.length);
  const extent = shape[axis]!;
  const parts = node.node.outputs.length;
  let sizes = node.intsOf('split', 1, 'operand split');
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

interface Range {
  readonly start: number;
  readonly step: number;
  readonly size: number;
}

/** One dimension of a slice: numpy's rules, with ends beyond the tensor meaning its end. */
function rangeOf(node: NodeContext, start: number, end: number, step: number, extent: number): Range {
  if (step === 0) node.invalid('a step of 0');
  const clamp = (n: number, low: number, high: number): number =>
    Math.min(Math.max(n < 0 ? n + extent : n, low), high);
  const [first, last] =
    step > 0
      ? [clamp(start, 0, extent), clamp(end, 0, extent)]
      : [clamp(start, 0, extent - 1), clamp(end, -1, extent - 1)];
  const size = Math.max(0, Math.ceil((last - first) / step));
  return { start: size === 0 ? 0 : first, step, size };
}

function emitSlice(node: NodeContext, x: ValueId, ranges: readonly Range[], part = ''): ValueId {
  const shape = node.shape(x);
  if (ranges.every(({ start, step, size }, i) => start === 0 && step === 1 && size === shape[i])) return x;
  // A step is of no meaning in a dimension of one element; 1 is what layouts like best.
  const steps = ranges.map(({ step, size }) => (size <= 1 ? 1 : step));
  const attrs = { starts: ranges.map((r) => r.start), steps, sizes: ranges.map((r) => r.size) };
  return node.emit('slice', [x], attrs, part);
}

const slice: Mapping = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  const starts = node.intsOf('starts', 1, 'operand starts') ?? node.invalid('has no starts');
  const ends = node.intsOf('ends', 2, 'operand ends') ?? node.invalid('has no ends');
  const axes = node.axes(node.intsOf('axes', 3, 'operand axes') ?? starts.map((_, i) => i), shape.length);
  const steps = node.constantNumbers(4, 'operand steps') ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length)
    node.invalid('starts, ends, axes and steps differ in length');
  const ranges: Range[] = shape.map((extent) => ({ start: 0, step: 1, size: extent }));
  axes.forEach((axis, i) => {
    ranges[axis] = rangeOf(node, starts[i]!, ends[i]!, steps[i]!, shape[axis]!);
  });
  return [emitSlice(node, x, ranges)];
};

/** Negative padding cuts off; that part becomes a slice before the padding. */
const pad: Mapping = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  const rank = shape.length;
  const mode = node.string('mode', 'constant');
  if (mode !== 'constant' && mode !== 'reflect' && mode !== 'edge') node.unsupported(`mode "${mode}"`);
  const given =
    node.intsOf('pads', 1, 'operand pads') ?? node.ints('paddings') ?? node.invalid('has no pads');
  const axes = node.axes(node.constantNumbers(3, 'operand axes') ?? shape.map((_, i) => i), rank);
  if (given.length !== 2 * axes.length)
    node.invalid('pads', `${2 * axes.length} integers`, `${given.length}`);
  const pads = new Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    pads[axis] = given[i]!;
    pads[rank + axis] = given[axes.length + i]!;
  });
  const value =
    node.opset < 11 ? node.float('value', 0) : (node.constantNumber(2, 'operand constant_value') ?? 0);
  const cut = (n: number): number => Math.max(0, -n);
  const ranges = shape.map((extent, i) => {
    const size = extent - cut(pads[i]!) - cut(pads[rank + i]!);
    if (size < 0) node.invalid('pads cut off more than there is', `[${shape}]`, `[${given}]`);
    return { start: cut(pads[i]!), step: 1, size };
  });
  const padded = pads.map((n) => Math.max(0, n));
  const grows = padded.some((n) => n > 0);
  const kept = emitSlice(node, x, ranges, grows ? 'cut' : '');
  return [grows ? node.emit('pad', [kept], { pads: padded, mode, value }) : kept];
};

const gather: Mapping = (node) => {
  const x = node.input(0);
  const axis = node.axis(node.int('axis', 0), node.shape(x).length);
  return [node.emit('gather', [x, node.input(1)], { axis })];
};

function blockSize(node: NodeContext): number {
  const size = node.int('blocksize', 0);
  if (size < 1) node.invalid('attribute "blocksize"', 'at least 1', `${size}`);
  if (node.shape(node.input(0)).length !== 4)
    node.invalid('input', 'rank 4', `rank ${node.shape(node.input(0)).length}`);
  return size;
}

const depthToSpace: Mapping = (node) => {
  const attrs = { blockSize: blockSize(node), mode: node.string('mode', 'DCR') };
  return [node.channelsFirst(node.emit('depthToSpace', [node.channelsLast(node.input(0))], attrs))];
};

const spaceToDepth: Mapping = (node) => {
  const attrs = { blockSize: blockSize(node) };
  return [node.channelsFirst(node.emit('spaceToDepth', [node.channelsLast(node.input(0))], attrs))];
};

export const indexing: Readonly<Record<string, Mapping>> = {
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Gather: gather,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
};
