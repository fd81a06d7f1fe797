/**
 * What a copy moves, where it moves rows in their order: a region of x to a region of y. Concatenations, splits and
 * slices are lowered to such copies, and each is one that need not happen if x and y share memory.
 */
import type { Params } from '../../../runtime/kernels/signature.ts';
import { numberOf, signatureOf } from '../../../runtime/kernels/table.ts';
import { type Region, region } from '../region.ts';
import type { SlotId, Step } from '../schedule.ts';

export interface Movement {
  readonly x: SlotId;
  readonly y: SlotId;
  readonly source: Region;
  readonly target: Region;
}

/** The movement that a step is, or null. */
export function movementOf({ action }: Step): Movement | null {
  if (action.kind === 'host' || action.kernel !== 'copy') return null;
  const { params, operands } = action;
  const { x, y } = operands;
  const size = numberOf(params, 'elementBytes');
  const prefixes = signatureOf('copy').strides!;
  const axes = joinedAxes(params, prefixes['x']!, prefixes['y']!);
  const inner = axes.at(-1) ?? { count: 1, x: 1, y: 1 };
  // Rows of single elements where neither side is dense.
  const dense = inner.x === 1 && inner.y === 1;
  const columns = dense ? inner.count : 1;
  const outer = dense ? axes.slice(0, -1) : axes;
  if (outer.length > 1) return null;
  const [rows] = outer.length === 1 ? outer : [{ count: 1, x: columns, y: columns }];
  if (rows!.x < columns || rows!.y < columns) return null; // backwards, repeated or interleaved
  const side = (offset: number, stride: number): Region =>
    region(offset * size, rows!.count, columns * size, stride * size);
  return {
    x: x!,
    y: y!,
    source: side(numberOf(params, 'xOffset'), rows!.x),
    target: side(numberOf(params, 'yOffset'), rows!.y),
  };
}

interface Axis {
  readonly count: number;
  readonly x: number;
  readonly y: number;
}

/** The dimensions, with neighbours that are one on both sides joined. */
function joinedAxes(params: Params, x: string, y: string): Axis[] {
  const axes: Axis[] = [];
  for (let i = 0; i < 6; i++) {
    const axis = {
      count: numberOf(params, `d${i}`),
      x: numberOf(params, `${x}${i}`),
      y: numberOf(params, `${y}${i}`),
    };
    if (axis.count === 1) continue;
    const last = axes.at(-1);
    const one = last !== undefined && last.x === axis.count * axis.x && last.y === axis.count * axis.y;
    if (one) axes[axes.length - 1] = { ...axis, count: last.count * axis.count };
    else axes.push(axis);
  }
  return axes;
}
