/** Pooling over windows and over everything. */

import type { ValueId } from '../../ir/graph.ts';
import { elementCount } from '../../ir/types.ts';
import type { AttrsOf } from '../../ops/index.ts';
import { outputExtents } from '../../ops/lowering/window.ts';
import { type Attributes, int, ints } from '../export/graph.ts';
import type { ExportNode } from '../export/node.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Export, type Import, onImages, withConstants } from './define.ts';
import { convolution, pooling as pool } from './volume.ts';
import { dilated, listOf, readWindow, requireSpatial } from './window.ts';

/** Attributes that all kinds have. */
function readPool(node: ImportNode) {
  const x = node.input(0);
  const spatial = requireSpatial(node, node.shape(x).length);
  if (!node.has('kernel_shape')) node.invalid('attribute "kernel_shape" is missing');
  const kernel = listOf(node, 'kernel_shape', spatial, 1, 1);
  const window = readWindow(node, node.shape(x).slice(2), kernel);
  return { x, attrs: { ...window, ceilMode: node.int('ceil_mode', 0) !== 0 } };
}

/** The largest of eight bits by way of float32, which has each of them, and kernels. */
function largest(node: ImportNode, images: ValueId, attrs: ReturnType<typeof readPool>['attrs']): ValueId {
  const { dtype } = node.type(images);
  if (dtype !== 'int8' && dtype !== 'uint8') return pool(node, 'maxPool', images, attrs);
  const wide = node.emit('cast', [images], { to: 'float32' }, 'wide');
  return node.emit('cast', [pool(node, 'maxPool', wide, attrs)], { to: dtype }, 'narrow');
}

const maxPool: Import = (node) => {
  const { x, attrs } = readPool(node);
  const images = node.channelsLast(x);
  const y = node.wants(0) ? node.channelsFirst(largest(node, images, attrs)) : null;
  if (!node.wants(1)) return [y];
  const columnMajor = node.int('storage_order', 0) !== 0;
  const indices = node.emit('maxPoolIndices', [images], { ...attrs, columnMajor }, 'indices');
  return [y, node.channelsFirst(indices)];
};

export const averagePool: Import = (node) => {
  const { x, attrs } = readPool(node);
  const countIncludePad = node.int('count_include_pad', 0) !== 0;
  return [node.channelsFirst(pool(node, 'averagePool', node.channelsLast(x), { ...attrs, countIncludePad }))];
};

/** The exponent, and |x| to it. */
function powered(node: ImportNode, x: ValueId): { p: number; power: ValueId } {
  node.requireFloat(x);
  // A float in the first version.
  const p = node.opset < 2 ? node.float('p', 2) : node.int('p', 2);
  if (!(p >= 1)) node.invalid('attribute "p"', 'at least 1', `${p}`);
  if (p === 2) return { p, power: node.emit('mul', [x, x], {}, 'power') };
  const size = node.emit('abs', [x], {}, 'size');
  if (p === 1) return { p, power: size };
  return { p, power: node.emit('pow', [size, node.scalar(node.type(x).dtype, p, 'p')], {}, 'power') };
}

function root(node: ImportNode, sum: ValueId, p: number): ValueId {
  if (p === 1) return sum;
  if (p === 2) return node.emit('sqrt', [sum]);
  return node.emit('pow', [sum, node.scalar(node.type(sum).dtype, 1 / p, 'root')]);
}

/** Sums of powers are convolutions of each channel with ones. */
const lpPool: Import = (node) => {
  const { x, attrs } = readPool(node);
  const { kernel, strides, dilations, ceilMode } = attrs;
  const { dtype, shape } = node.type(x);
  const { p, power } = powered(node, x);
  const rank = kernel.length;
  const outputs = outputExtents(shape.slice(2), kernel, attrs, ceilMode);
  const pads = attrs.pads.map((pad, i) => {
    if (i < rank) return pad;
    const axis = i - rank;
    const reach = (outputs[axis]! - 1) * strides[axis]! + dilated(kernel[axis]!, dilations[axis]!);
    return Math.max(pad, reach - shape[2 + axis]! - attrs.pads[axis]!);
  });
  const ones = node.splat({ dtype, shape: [shape[1]!, 1, ...kernel] }, 1);
  const window = { strides, dilations, pads, groups: shape[1]! };
  const sum = convolution(node, node.channelsLast(power), ones, null, window, null, 'sum');
  return [node.channelsFirst(root(node, sum, p))];
};

const globalLpPool: Import = (node) => {
  const { p, power } = powered(node, node.input(0));
  const axes = Array.from({ length: node.shape(power).length - 2 }, (_, i) => i + 2);
  return [root(node, node.emit('reduceSum', [power], { axes, keepDims: true }, 'sum'), p)];
};

/** The values at the places that MaxPool named, zeros elsewhere. Those places count in the result's own order. */
const maxUnpool: Import<'output_shape'> = (node) => {
  const x = node.input(0);
  const { dtype, shape } = node.type(x);
  const spatial = requireSpatial(node, shape.length);
  const kernel = listOf(node, 'kernel_shape', spatial, 1, 1);
  const strides = listOf(node, 'strides', spatial, 1, 1);
  const pads = listOf(node, 'pads', 2 * spatial, 0, 0);
  const extents = shape
    .slice(2)
    .map((n, i) => (n - 1) * strides[i]! + kernel[i]! - pads[i]! - pads[spatial + i]!);
  const output = node.constantNumbers('output_shape') ?? [shape[0]!, shape[1]!, ...extents];
  if (output.length !== shape.length || !output.every((n) => Number.isSafeInteger(n) && n >= 0))
    node.invalid('output_shape', `${shape.length} extents`, `[${output}]`);
  const count = elementCount(shape);
  const flat = (id: ValueId, part: string): ValueId => node.reshape(id, [count], part);
  const empty = node.splat({ dtype, shape: [elementCount(output)] }, 0);
  const inputs = [empty, flat(node.input(1), 'places'), flat(x, 'values')];
  return [node.reshape(node.emit('scatterElements', inputs, { axis: 0 }, 'scattered'), output, '')];
};

/** Over all spatial dimensions; the reduction needs no order of channels. */
const global =
  (op: 'reduceMean' | 'reduceMax'): Import =>
  (node) => {
    const x = node.input(0);
    const rank = node.shape(x).length;
    if (rank < 2) node.invalid('input', 'rank 2 or more', `rank ${rank}`);
    const axes = Array.from({ length: rank - 2 }, (_, i) => i + 2);
    return [node.emit(op, [x], { axes, keepDims: true })];
  };

const windowOf = (node: ExportNode<AttrsOf<'maxPool' | 'averagePool' | 'maxPoolIndices'>>): Attributes => ({
  kernel_shape: ints(node.attrs.kernel),
  strides: ints(node.attrs.strides),
  pads: ints(node.attrs.pads),
  ...(node.attrs.ceilMode ? { ceil_mode: int(1) } : {}),
  ...(isDilated(node) ? { dilations: ints(node.attrs.dilations) } : {}),
});

const isDilated = (node: ExportNode<AttrsOf<'maxPool' | 'averagePool' | 'maxPoolIndices'>>): boolean =>
  node.attrs.dilations.some((n) => n !== 1);

const writeMaxPool: Export<AttrsOf<'maxPool'>> = (node) => [
  node.add('MaxPool', [node.input(0)], windowOf(node)),
];

const writeMaxPoolIndices: Export<AttrsOf<'maxPoolIndices'>> = (node) => {
  const order = node.attrs.columnMajor ? { storage_order: int(1) } : {};
  const values = { ...node.typeOf(0), shape: node.type.shape };
  const types = [values, node.type];
  return node.addAll('MaxPool', [node.input(0)], { ...windowOf(node), ...order }, 'values', types).slice(1);
};

const writeAveragePool: Export<AttrsOf<'averagePool'>> = (node) => {
  if (isDilated(node)) node.need(19, 'average pooling with dilation');
  const padded = node.attrs.countIncludePad ? { count_include_pad: int(1) } : {};
  return [node.add('AveragePool', [node.input(0)], { ...windowOf(node), ...padded })];
};

export const pooling = defineOnnx({
  imports: {
    MaxPool: maxPool,
    AveragePool: averagePool,
    LpPool: lpPool,
    MaxUnpool: withConstants({ output_shape: 2 }, maxUnpool),
    GlobalLpPool: globalLpPool,
    GlobalAveragePool: global('reduceMean'),
    GlobalMaxPool: global('reduceMax'),
  },
  exports: {
    maxPool: onImages(writeMaxPool),
    maxPoolIndices: onImages(writeMaxPoolIndices),
    averagePool: onImages(writeAveragePool),
  },
});
