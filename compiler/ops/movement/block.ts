/**
 * Blocks of pixels and channels, one into the other: depthToSpace spreads groups of channels over b×b blocks of
 * pixels, spaceToDepth is its inverse. Both are one copy between two orders of the same six dimensions.
 *
 *   wide (fewer pixels, more channels): [N, H, W, b, b, C] in mode DCR, [N, H, W, C, b, b] in mode CRD
 *   tall (more pixels, fewer channels): [N, H, b, W, b, C]
 */
import { type Shape, stridesOf, type TensorType } from '../../ir/types.ts';
import { requireRank, shapeError } from '../define/op.ts';
import type { StridedCopy } from '../lowering/copy.ts';

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
