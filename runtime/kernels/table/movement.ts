/** Kernels that move elements of any type, and compute nothing. */
import { box, numberedOf } from '../extents.ts';
import { FLOAT_BYTES } from '../layouts.ts';
import { whole } from '../region.ts';
import { defineKernel } from '../signature.ts';
import { anyInput, anyOut, count, dimNames, dims6, i32 } from './operands.ts';

export const movementKernels = {
  /**
   * y[yOffset + Σ i·ys] = x[xOffset + Σ i·xs] for all indices of dims; elements of 1, 2, 4 or 8 bytes. Slice,
   * transpose, concat, split, expand, pad and depth-to-space are this kernel. Strides may be negative or, of x, 0;
   * no element of y is written twice, and y does not overlap what is read.
   */
  copy: defineKernel({
    operands: { y: anyOut, x: anyInput },
    params: {
      elementBytes: 'elementBytes',
      ...dims6,
      x0: i32,
      x1: i32,
      x2: i32,
      x3: i32,
      x4: i32,
      x5: i32,
      y0: i32,
      y1: i32,
      y2: i32,
      y3: i32,
      y4: i32,
      y5: i32,
      xOffset: i32,
      yOffset: i32,
    },
    extent: {
      y: (p) => box(numberedOf(p, 'd'), numberedOf(p, 'y'), p.yOffset, p.elementBytes),
      x: (p) => box(numberedOf(p, 'd'), numberedOf(p, 'x'), p.xOffset, p.elementBytes),
    },
    work: { unit: 'elements', times: dimNames },
    split: 'elements',
    strides: { y: 'y', x: 'x' },
  }),
  /** y[i] = the value of which low and high are the 32-bit halves. */
  fill: defineKernel({
    operands: { y: anyOut },
    params: { count: count, elementBytes: 'elementBytes', low: i32, high: i32 },
    extent: { y: (p) => [whole(p.count * p.elementBytes)] },
    work: { unit: 'elements', times: [count] },
    split: 'elements',
  }),
  /** y[o,i,…] = x[o, indices[i], …]: rows of innerBytes; an index below zero counts from the end, one out of
   * range is an engine error. */
  gather: defineKernel({
    operands: { y: anyOut, x: anyInput, indices: anyInput },
    params: {
      outer: count,
      axis: count,
      count: count,
      innerBytes: count,
      indexBytes: 'indexBytes',
    },
    extent: {
      y: (p) => [whole(p.outer * p.count * p.innerBytes)],
      x: (p) => [whole(p.outer * p.axis * p.innerBytes)],
      indices: (p) => [whole(p.count * p.indexBytes)],
    },
    // Counted in floats.
    work: { unit: 'elements', times: ['outer', count, 'innerBytes'], over: [FLOAT_BYTES] },
    split: 'rows',
  }),
} as const;
