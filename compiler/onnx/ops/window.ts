/** Attributes of ops that slide a window: kernel, strides, dilations, padding by number or by rule (auto_pad). */
import type { ImportNode } from '../import/node.ts';

export interface WindowAttributes {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

/** Number of spatial dimensions. */
export function requireSpatial(node: ImportNode, rank: number): number {
  if (rank < 3) node.invalid('input has no spatial dimensions', 'rank 3 or more', `rank ${rank}`);
  return rank - 2;
}

export function listOf(
  node: ImportNode,
  name: string,
  length: number,
  fallback: number,
  least: number,
): number[] {
  const list = node.ints(name) ?? new Array<number>(length).fill(fallback);
  if (list.length !== length || list.some((n) => n < least || n > 2 ** 31))
    node.invalid(`attribute "${name}"`, `${length} integers, at least ${least}`, `[${list}]`);
  return list;
}

export const dilated = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/** `extents` are those of the spatial dimensions of the input. */
export function readWindow(
  node: ImportNode,
  extents: readonly number[],
  kernel: readonly number[],
): WindowAttributes {
  const rank = extents.length;
  const strides = listOf(node, 'strides', rank, 1, 1);
  const dilations = listOf(node, 'dilations', rank, 1, 1);
  const rule = node.string('auto_pad', 'NOTSET');
  if (rule === 'NOTSET' || rule === '')
    return { kernel, strides, dilations, pads: listOf(node, 'pads', 2 * rank, 0, 0) };
  const pads = new Array<number>(2 * rank).fill(0);
  if (rule === 'VALID') return { kernel, strides, dilations, pads };
  if (rule !== 'SAME_UPPER' && rule !== 'SAME_LOWER')
    node.invalid('attribute "auto_pad"', 'NOTSET, SAME_UPPER, SAME_LOWER or VALID', rule);
  for (let i = 0; i < rank; i++) {
    const out = Math.ceil(extents[i]! / strides[i]!);
    const total = Math.max(0, (out - 1) * strides[i]! + dilated(kernel[i]!, dilations[i]!) - extents[i]!);
    const small = Math.floor(total / 2);
    pads[i] = rule === 'SAME_UPPER' ? small : total - small;
    pads[rank + i] = total - pads[i]!;
  }
  return { kernel, strides, dilations, pads };
}
