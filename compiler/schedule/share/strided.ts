/**
 * How a kernel call reaches operands whose rows lie apart: the same call with other strides, or null where its kernel
 * cannot. The kernel table says which parameters those are. Invariant: the call does the same arithmetic on the same
 * elements in the same order, only at other addresses.
 */
import { FLOAT_BYTES } from '../../../runtime/kernels/layouts.ts';
import type { Params } from '../../../runtime/kernels/signature.ts';
import { type KernelName, numberOf, signatureOf } from '../../../runtime/kernels/table.ts';
import type { Region } from '../region.ts';
import type { SlotId } from '../schedule.ts';

export interface Call {
  readonly kernel: KernelName;
  readonly operands: Readonly<Record<string, SlotId>>;
  readonly params: Params;
}

const DIMS = [0, 1, 2, 3, 4, 5] as const;

/** Bytes of the elements that strides count. */
const elementBytesOf = (params: Params): number =>
  params['elementBytes'] === undefined ? FLOAT_BYTES : numberOf(params, 'elementBytes');

/** The first element that strides start from. */
const offsetOf = (params: Params, prefix: string): number =>
  params[`${prefix}Offset`] === undefined ? 0 : numberOf(params, `${prefix}Offset`);

/** The parameters of a call made for dense operands, with each operand where `placeOf` says. */
export function stridedParams(call: Call, placeOf: (slot: SlotId) => Region): Params | null {
  const { rows = {}, strides = {} } = signatureOf(call.kernel);
  let params: Params | null = call.params;
  for (const operand in call.operands) {
    const place = placeOf(call.operands[operand]!);
    if (place.rows === 1) continue;
    const apart = rows[operand];
    const prefix = strides[operand];
    if (apart !== undefined) params = withRows(params, apart, place);
    else if (prefix !== undefined) params = withStrides(params, prefix, Object.values(strides), place);
    else return null;
    if (params === null) return null;
  }
  return params;
}

/** A kernel with a step between rows: its rows must be the region's. */
function withRows(
  params: Params,
  { step, width }: { step: string; width: string },
  place: Region,
): Params | null {
  const bytes = numberOf(params, width) * FLOAT_BYTES;
  if (bytes !== place.bytes || params[step] !== params[width] || place.stride % FLOAT_BYTES !== 0)
    return null;
  return { ...params, [step]: place.stride / FLOAT_BYTES };
}

/**
 * A kernel with a stride for each dimension: strides over whole rows become strides over rows that lie apart, those
 * within a row stay. A dimension that runs through rows is cut into two, rows and what is in them.
 */
function withStrides(params: Params, prefix: string, all: readonly string[], place: Region): Params | null {
  const size = elementBytesOf(params);
  if (place.bytes % size !== 0 || place.stride % size !== 0) return null;
  const row = place.bytes / size;
  const step = place.stride / size;
  const axes = axesOf(params, all);
  const start = offsetOf(params, prefix);
  // Columns reached within a row, from that of the first element.
  let [lowest, highest] = [start % row, start % row];
  for (let i = 0; i < axes.length; i++) {
    const { count, strides } = axes[i]!;
    const stride = strides[prefix]!;
    if (stride % row === 0) {
      strides[prefix] = (stride / row) * step;
      continue;
    }
    const inRow = row / stride;
    if (stride > 0 && Number.isInteger(inRow) && count > inRow && count % inRow === 0) {
      const outer = Object.fromEntries(all.map((name) => [name, strides[name]! * inRow]));
      axes.splice(i, 1, { count: count / inRow, strides: outer }, { count: inRow, strides });
      i--;
      continue;
    }
    const reach = stride * (count - 1);
    lowest += Math.min(0, reach);
    highest += Math.max(0, reach);
  }
  if (lowest < 0 || highest >= row || axes.length > DIMS.length) return null;
  const moved = start === 0 ? {} : { [`${prefix}Offset`]: Math.floor(start / row) * step + (start % row) };
  return { ...params, ...moved, ...paramsOf(axes, all) };
}

interface Axis {
  readonly count: number;
  readonly strides: Record<string, number>;
}

/** The dimensions that are more than 1, outermost first. */
const axesOf = (params: Params, prefixes: readonly string[]): Axis[] =>
  DIMS.filter((i) => params[`d${i}`] !== 1).map((i) => ({
    count: numberOf(params, `d${i}`),
    strides: Object.fromEntries(prefixes.map((prefix) => [prefix, numberOf(params, `${prefix}${i}`)])),
  }));

function paramsOf(axes: readonly Axis[], prefixes: readonly string[]): Params {
  const lead = DIMS.length - axes.length;
  const params: Record<string, number> = {};
  for (const i of DIMS) {
    const axis = axes[i - lead];
    params[`d${i}`] = axis?.count ?? 1;
    for (const prefix of prefixes) params[`${prefix}${i}`] = axis?.strides[prefix] ?? 0;
  }
  return params;
}
