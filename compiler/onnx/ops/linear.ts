/** Convolutions and matrix products. The weights of convolutions have the same order of axes in ONNX and here. */

import type { ValueId } from '../../ir/graph.ts';
import { isFloat } from '../../ir/types.ts';
import type { AttrsOf } from '../../ops/index.ts';
import { type Attributes, int, ints } from '../export/graph.ts';
import type { ExportNode } from '../export/node.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Export, type Import, onImages } from './define.ts';
import { finish } from './functions.ts';
import { convolution, transposedConvolution } from './volume.ts';
import { dilated, listOf, readWindow, requireSpatial } from './window.ts';

/** Extents of the kernel: those of the weights, which `kernel_shape`, if given, must repeat. */
function kernelOf(node: ImportNode, w: ValueId, rank: number): number[] {
  const shape = node.shape(w);
  if (shape.length !== rank) node.invalid('weights', `rank ${rank}`, `rank ${shape.length}`);
  const kernel = shape.slice(2);
  const given = node.ints('kernel_shape');
  if (given !== null && String(given) !== String(kernel))
    node.invalid('kernel_shape differs from the weights', `[${kernel}]`, `[${given}]`);
  return kernel;
}

export const conv: Import = (node) => {
  const x = node.input(0);
  const w = node.input(1);
  const rank = node.shape(x).length;
  requireSpatial(node, rank);
  node.requireFloat(x);
  const window = readWindow(node, node.shape(x).slice(2), kernelOf(node, w, rank));
  const { strides, dilations, pads } = window;
  const groups = node.int('group', 1);
  const attrs = { strides, dilations, pads, groups };
  return [node.channelsFirst(convolution(node, node.channelsLast(x), w, node.optional(2), attrs))];
};

/**
 * Either pads are given, or an output shape (or SAME: input · stride), of which follows
 * total = stride·(in − 1) + outputPadding + dilatedKernel − out, split between the ends.
 */
const convTranspose: Import = (node) => {
  const x = node.input(0);
  const w = node.input(1);
  const rank = node.shape(x).length;
  const spatial = requireSpatial(node, rank);
  node.requireFloat(x);
  const extents = node.shape(x).slice(2);
  const kernel = kernelOf(node, w, rank);
  const strides = listOf(node, 'strides', spatial, 1, 1);
  const dilations = listOf(node, 'dilations', spatial, 1, 1);
  const outputPadding = listOf(node, 'output_padding', spatial, 0, 0);
  const groups = node.int('group', 1);
  const rule = node.string('auto_pad', 'NOTSET');
  const same = rule === 'SAME_UPPER' || rule === 'SAME_LOWER';
  // Old models give the output shape with batch and channels.
  const wanted =
    node.ints('output_shape')?.slice(-spatial) ??
    (same ? extents.map((extent, i) => extent * strides[i]!) : null);
  let pads =
    rule === 'VALID' ? new Array<number>(2 * spatial).fill(0) : listOf(node, 'pads', 2 * spatial, 0, 0);
  if (wanted !== null) {
    pads = new Array<number>(2 * spatial).fill(0);
    for (let i = 0; i < spatial; i++) {
      const full = strides[i]! * (extents[i]! - 1) + outputPadding[i]! + dilated(kernel[i]!, dilations[i]!);
      const total = full - wanted[i]!;
      if (total < 0) outputPadding[i]! -= total;
      else {
        const small = Math.floor(total / 2);
        pads[i] = rule === 'SAME_UPPER' ? small : total - small;
        pads[spatial + i] = total - pads[i]!;
      }
    }
  }
  const attrs = { strides, dilations, pads, outputPadding, groups };
  return [node.channelsFirst(transposedConvolution(node, node.channelsLast(x), w, node.optional(2), attrs))];
};

const windowOf = (
  node: ExportNode<AttrsOf<'conv' | 'convTranspose'>>,
  pads: readonly number[],
): Attributes => ({
  kernel_shape: ints(node.typeOf(1).shape.slice(2)),
  strides: ints(node.attrs.strides),
  dilations: ints(node.attrs.dilations),
  pads: ints(pads),
  ...(node.attrs.groups === 1 ? {} : { group: int(node.attrs.groups) }),
});

const writeConv: Export<AttrsOf<'conv'>> = (node) => {
  const attributes = windowOf(node, node.attrs.pads);
  return [finish(node, node.add('Conv', [node.input(0), node.input(1), node.input(2)], attributes))];
};

/**
 * Padding below zero, and output padding of a stride or more, add rows that no tap reaches: other runtimes refuse them,
 * so they become zeros around the result, before the bias.
 */
const writeConvTranspose: Export<AttrsOf<'convTranspose'>> = (node) => {
  const strides = node.attrs.strides;
  const rank = strides.length;
  const pads = [...node.attrs.pads];
  const outputPadding = [...node.attrs.outputPadding];
  const margin = new Array<number>(2 * rank).fill(0);
  for (let i = 0; i < rank; i++) {
    if (outputPadding[i]! >= strides[i]!) {
      pads[rank + i]! -= outputPadding[i]!;
      outputPadding[i] = 0;
    }
    for (const side of [i, rank + i]) {
      margin[side] = Math.max(0, -pads[side]!);
      pads[side] = Math.max(0, pads[side]!);
    }
  }
  const attributes: Attributes = {
    ...windowOf(node, pads),
    ...(outputPadding.some((n) => n > 0) ? { output_padding: ints(outputPadding) } : {}),
  };
  const [x, w] = [node.input(0), node.input(1)];
  if (margin.every((n) => n === 0))
    return [finish(node, node.add('ConvTranspose', [x, w, node.input(2)], attributes))];
  const grown = node.type.shape.slice(2).map((extent, i) => extent - margin[i]! - margin[rank + i]!);
  const inner = { ...node.type, shape: [...node.type.shape.slice(0, 2), ...grown] };
  const y = node.add('ConvTranspose', [x, w], attributes, '', inner);
  const around = [0, 0, ...margin.slice(0, rank), 0, 0, ...margin.slice(rank)];
  const padded = node.add('Pad', [y, node.indices(around, 'margin.pads')], {}, 'margin');
  if (!node.has(2)) return [finish(node, padded)];
  const bias = node.reshape(
    node.input(2),
    [node.typeOf(2).shape[0]!, ...grown.map(() => 1)],
    'bias_channels',
  );
  return [finish(node, node.add('Add', [padded, bias], {}, 'biased'))];
};

/** numpy's rules for vectors: a row before, a column after, and the added dimension is dropped from the result. */
export const matmul: Import = (node) => {
  let a = node.input(0);
  let b = node.input(1);
  const shapeA = node.shape(a);
  const shapeB = node.shape(b);
  if (shapeA.length === 0 || shapeB.length === 0) node.invalid('a matrix product of a scalar');
  if (shapeA.length > 1 && shapeB.length > 1) return [node.emit('matmul', [a, b])];
  a = shapeA.length === 1 ? node.reshape(a, [1, shapeA[0]!], 'row') : a;
  b = shapeB.length === 1 ? node.reshape(b, [shapeB[0]!, 1], 'column') : b;
  const y = node.emit('matmul', [a, b]);
  const shape = [...node.shape(y)];
  if (shapeB.length === 1) shape.pop();
  if (shapeA.length === 1) shape.splice(shapeB.length === 1 ? -1 : -2, 1);
  return [node.reshape(y, shape, 'vector')];
};

/** α·A·B + β·C. Factors go to the constant operands, where they cost nothing at run time. */
export const gemm: Import = (node) => {
  const a = node.input(0);
  const dtype = node.type(a).dtype;
  const attrs = { transA: node.int('transA', 0) !== 0, transB: node.int('transB', 0) !== 0 };
  for (const i of [0, 1])
    if (node.shape(node.input(i)).length !== 2)
      node.invalid(`input ${i}`, 'rank 2', `rank ${node.shape(node.input(i)).length}`);
  const scaled = (id: ValueId, factor: number, part: string): ValueId =>
    factor === 1 ? id : node.emit('mul', [id, node.scalar(dtype, factor, part)], {}, part);
  const b = scaled(node.input(1), node.float('alpha', 1), 'alpha');
  const c = node.optional(2);
  const beta = node.float('beta', 1);
  if (c === null || beta === 0) return [node.emit('matmul', [a, b], attrs)];
  const columns = node.shape(b)[attrs.transB ? 0 : 1]!;
  const bias = biasOf(node, scaled(c, beta, 'beta'), columns);
  if (bias !== null) return [node.emit('matmul', [a, b, bias], attrs)];
  return [node.emit('add', [node.emit('matmul', [a, b], attrs, 'product'), scaled(c, beta, 'beta')])];
};

/** C as a vector over columns, or null where it differs by row. */
function biasOf(node: ImportNode, c: ValueId, columns: number): ValueId | null {
  const shape = node.shape(c);
  if (shape.length > 2) node.invalid('input C', 'rank 2 at most', `rank ${shape.length}`);
  if (shape.length === 2 && shape[0] !== 1) return null;
  const width = shape.at(-1) ?? 1;
  if (width !== 1 && width !== columns) node.invalid('input C', `${columns} columns`, `${width}`);
  const vector = node.reshape(c, [width], 'bias');
  return width === columns ? vector : node.emit('expand', [vector], { shape: [columns] }, 'bias');
}

/** An operand of MatMul, with the last two axes in the order the product wants. */
function operand(node: ExportNode, index: number, transposed: boolean): string {
  if (!transposed) return node.input(index);
  const order = node.plain(index);
  return node.inputIn(index, [...order.slice(0, -2), ...order.slice(-2).reverse()]);
}

/** Gemm where it says bias and transposes at once, MatMul otherwise. */
const writeMatmul: Export<AttrsOf<'matmul'>> = (node) => {
  const transA = node.attrs.transA;
  const transB = node.attrs.transB;
  const flat = node.typeOf(0).shape.length === 2 && node.typeOf(1).shape.length === 2;
  if (flat && isFloat(node.type.dtype) && (transA || transB || node.has(2))) {
    const attributes = { ...(transA ? { transA: int(1) } : {}), ...(transB ? { transB: int(1) } : {}) };
    return [finish(node, node.add('Gemm', [node.input(0), node.input(1), node.input(2)], attributes))];
  }
  const product = node.add('MatMul', [operand(node, 0, transA), operand(node, 1, transB)]);
  return [finish(node, node.has(2) ? node.add('Add', [product, node.input(2)], {}, 'biased') : product)];
};

export const linear = defineOnnx({
  imports: {
    Conv: conv,
    ConvTranspose: convTranspose,
    MatMul: matmul,
    Gemm: gemm,
    Det: (node) => [node.emit('det', [node.input(0)])],
  },
  exports: {
    conv: onImages(writeConv, [0, 3]),
    convTranspose: onImages(writeConvTranspose, [0, 3]),
    matmul: writeMatmul,
    det: (node) => [node.add('Det', [node.input(0)])],
  },
});
