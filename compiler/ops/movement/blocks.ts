/**
 * Blocks of pixels and channels, one into the other: depthToSpace spreads groups of channels over b×b blocks of
 * pixels, spaceToDepth is its inverse. Both are one copy between two orders of the same six dimensions.
 *
 *   wide (fewer pixels, more channels): [N, H, W, b, b, C] in mode DCR, [N, H, W, C, b, b] in mode CRD
 *   tall (more pixels, fewer channels): [N, H, b, W, b, C]
 */

import { zeros } from '../../ir/tensor.ts';
import { formatType, type Shape, stridesOf, type TensorType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, requireRank, shapeError } from '../define/op.ts';
import type { StridedCopy } from '../lowering/copy.ts';
import { lowerCopies, runCopy } from '../lowering/copy.ts';
import { present } from '../reference/reals.ts';

export interface BlockAttrs {
  readonly blockSize: number;
  readonly mode: string;
}
export const blockAttrs = { blockSize: 1, mode: 'DCR' } as const;

/** The input, checked; both ops take images [N, H, W, C]. */
export function blockInput(
  inputs: readonly (TensorType | null)[],
  { blockSize, mode }: BlockAttrs,
): TensorType {
  if (!Number.isInteger(blockSize) || blockSize < 1)
    throw shapeError('blockSize', 'a positive integer', `${blockSize}`);
  if (mode !== 'DCR' && mode !== 'CRD') throw shapeError('mode', 'DCR or CRD', `"${mode}"`);
  return requireRank(inputs, 0, 'x', 4);
}

/** Offsets of the six dimensions, in the order of the tall image, in the wide and the tall one. */
export function blockStrides(tall: Shape, { blockSize: b, mode }: BlockAttrs) {
  const [n, h, w, c] = tall as [number, number, number, number];
  const dims = [n, h / b, b, w / b, b, c];
  const perm = mode === 'DCR' ? [0, 1, 3, 2, 4, 5] : [0, 1, 3, 5, 2, 4];
  const inWide = stridesOf(perm.map((axis) => dims[axis]!));
  const wide = dims.map((_, axis) => inWide[perm.indexOf(axis)]!);
  return { dims, wide, tall: stridesOf(dims) };
}

/** The copy that makes the tall image of the wide one. */
export function spreading(tall: Shape, attrs: BlockAttrs): StridedCopy {
  const strides = blockStrides(tall, attrs);
  return { dims: strides.dims, x: strides.wide, y: strides.tall, xOffset: 0, yOffset: 0 };
}

/** The same, the other way. */
export function gathering(tall: Shape, attrs: BlockAttrs): StridedCopy {
  const strides = blockStrides(tall, attrs);
  return { dims: strides.dims, x: strides.tall, y: strides.wide, xOffset: 0, yOffset: 0 };
}

/** Spreads channels over blocks of pixels, x [N, H, W, b²·C] to y [N, b·H, b·W, C]. (ONNX DepthToSpace-13) */
export const depthToSpace = /* @__PURE__ */ defineOp({
  name: 'depthToSpace',
  inputs: ['x'],
  attrs: blockAttrs,
  required: ['blockSize'],
  traits: { movement: true },
  infer(inputs, attrs) {
    const x = blockInput(inputs, attrs);
    const { blockSize: b } = attrs;
    const [n, h, w, c] = x.shape as [number, number, number, number];
    if (c % (b * b) !== 0) throw shapeError('input x', `a multiple of ${b * b} channels`, formatType(x));
    return [{ dtype: x.dtype, shape: [n, h * b, w * b, c / (b * b)] }];
  },
  evaluate(inputs, attrs, [type]) {
    const y = zeros(type!);
    runCopy(spreading(type!.shape, attrs), present(inputs, 0).data, y.data);
    return [y];
  },
  lower: ({ attrs, outputs: [y] }) => lowerCopies([spreading(y!.shape, attrs)], y!.dtype),
  cost: movementCost,
});

/**
 * Gathers blocks of pixels into channels, x [N, b·H, b·W, C] to y [N, H, W, b²·C]: the inverse of depthToSpace in
 * the same mode. (ONNX SpaceToDepth-13, which is DCR)
 */
export const spaceToDepth = /* @__PURE__ */ defineOp({
  name: 'spaceToDepth',
  inputs: ['x'],
  attrs: blockAttrs,
  required: ['blockSize'],
  traits: { movement: true },
  infer(inputs, attrs) {
    const x = blockInput(inputs, attrs);
    const { blockSize: b } = attrs;
    const [n, h, w, c] = x.shape as [number, number, number, number];
    if (h % b !== 0 || w % b !== 0)
      throw shapeError('input x', `height and width in multiples of ${b}`, formatType(x));
    return [{ dtype: x.dtype, shape: [n, h / b, w / b, c * b * b] }];
  },
  evaluate(inputs, attrs, [type]) {
    const x = present(inputs, 0);
    const y = zeros(type!);
    runCopy(gathering(x.type.shape, attrs), x.data, y.data);
    return [y];
  },
  lower: ({ attrs, inputs: [x], outputs: [y] }) => lowerCopies([gathering(x!.shape, attrs)], y!.dtype),
  cost: movementCost,
});
