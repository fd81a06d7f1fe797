/** Hyper-rectangles of row-major tensors, and the runs of consecutive elements they consist of. */
import { elementCount, type Shape, stridesOf } from '../../ir/types.ts';
import type { Box } from '../define/traits.ts';

/** The box that is all of a tensor. */
export const wholeBox = (shape: Shape): Box => ({ starts: shape.map(() => 0), sizes: shape });

/**
 * The box of an operand that a box of the broadcast result reads: dimensions of 1 are read where they are, missing
 * leading ones not at all.
 */
export function broadcastBox(box: Box, shape: Shape): Box {
  const lead = box.sizes.length - shape.length;
  return {
    starts: shape.map((dim, axis) => (dim === 1 ? 0 : box.starts[lead + axis]!)),
    // A result dimension of 0 comes from a dimension of 0 or of 1; the latter is read whole.
    sizes: shape.map((dim, axis) => (dim === 1 ? 1 : box.sizes[lead + axis]!)),
  };
}

/** Calls visit(from, at, count) for each maximal run: `count` elements at `from` of the tensor are those at `at` of the box. */
export function forEachRun(
  shape: Shape,
  { starts, sizes }: Box,
  visit: (from: number, at: number, count: number) => void,
): void {
  if (elementCount(sizes) === 0) return;
  const strides = stridesOf(shape);
  // Axes from `inner` on form one run: all but the first of them are taken whole.
  let inner = shape.length;
  while (inner > 0 && (inner === shape.length || sizes[inner] === shape[inner])) inner--;
  const run = elementCount(sizes.slice(inner));
  let at = 0;
  const walk = (axis: number, from: number): void => {
    if (axis >= inner) {
      let offset = from;
      for (let i = inner; i < shape.length; i++) offset += starts[i]! * strides[i]!;
      visit(offset, at, run);
      at += run;
      return;
    }
    for (let i = 0; i < sizes[axis]!; i++) walk(axis + 1, from + (starts[axis]! + i) * strides[axis]!);
  };
  walk(0, 0);
}

/**
 * Cuts the elements first … first + count of a tensor into boxes, in order. Elements 5 … 20 of [4,6] are row 0 from
 * column 5, rows 1 and 2, row 3 up to column 3.
 */
export function boxesOfRange(shape: Shape, first: number, count: number): Box[] {
  if (count === 0) return [];
  if (shape.length === 0) return [{ starts: [], sizes: [] }];
  const rest = shape.slice(1);
  const row = elementCount(rest);
  const boxes: Box[] = [];
  const rows = (start: number, size: number, inner: Box): void => {
    boxes.push({ starts: [start, ...inner.starts], sizes: [size, ...inner.sizes] });
  };
  const partial = (from: number, length: number): void => {
    for (const box of boxesOfRange(rest, from % row, length)) rows(Math.floor(from / row), 1, box);
  };
  const end = first + count;
  const firstWhole = Math.ceil(first / row);
  const lastWhole = Math.floor(end / row);
  if (firstWhole > lastWhole) partial(first, count);
  else {
    partial(first, firstWhole * row - first);
    if (lastWhole > firstWhole) rows(firstWhole, lastWhole - firstWhole, wholeBox(rest));
    partial(lastWhole * row, end - lastWhole * row);
  }
  return boxes;
}
