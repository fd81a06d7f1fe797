/**
 * What recurrent layers have in common: x [batch, steps, inputs] and a state [batch, hidden], each with a weight of one
 * row for each number of each gate and with a bias. What the input adds to the gates is one product for all steps,
 * made before the recurrence; the recurrence itself is one kernel call. Gates have the order of PyTorch.
 */

import type { Attrs } from '../../ir/constant.ts';
import { elementCount, elementSize, formatType, type TensorType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import type { KernelCall } from '../define/lowering.ts';
import { type Cost, call, type LowerContext, type Lowered } from '../define/lowering.ts';
import { noEpilogue, required, requireRank, shapeError } from '../define/op.ts';
import { optionalOf } from '../define/typing.ts';
import { type PanelWeight, packable, wholeLayer } from '../lowering/panels.ts';
import { epilogueParams } from '../reference/activation.ts';

type Types = readonly (TensorType | null)[];

/** Inputs of every recurrent op; the states before the first step follow. */
export const recurrentInputs = ['x', 'weightIn', 'weightState', 'biasIn?', 'biasState?'] as const;

export interface Recurrence {
  readonly batch: number;
  readonly steps: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly y: TensorType;
  readonly state: TensorType;
}

/** Checks the inputs of an op of `gates` gates; `states` are the names of the inputs after the common ones. */
export function recurrenceOf(types: Types, gates: number, states: readonly string[]): Recurrence {
  const x = requireRank(types, 0, 'x', 3);
  const { dtype } = x;
  if (dtype !== 'float32') throw shapeError('input x', 'float32', formatType(x));
  const [batch, steps, inputs] = x.shape as [number, number, number];
  const width = requireRank(types, 1, 'weightIn', 2).shape[0]!;
  const hidden = width / gates;
  if (!Number.isInteger(hidden) || hidden === 0)
    throw shapeError('input weightIn', `${gates} gates of as many rows each`, formatType(types[1]!));
  required(types, 2, 'weightState');
  optionalOf(types, 1, 'weightIn', { dtype, shape: [width, inputs] });
  optionalOf(types, 2, 'weightState', { dtype, shape: [width, hidden] });
  optionalOf(types, 3, 'biasIn', { dtype, shape: [width] });
  optionalOf(types, 4, 'biasState', { dtype, shape: [width] });
  const state = { dtype, shape: [batch, hidden] };
  states.forEach((name, i) => {
    optionalOf(types, recurrentInputs.length + i, name, state);
  });
  return { batch, steps, inputs, hidden, y: { dtype, shape: [batch, steps, hidden] }, state };
}

/** A weight of rows and its bias, in panels. */
function rowsInPanels(
  packed: Pick<PanelWeight, 'element' | 'weight' | 'bias'>,
  rows: number,
  columns: number,
): PanelWeight {
  return {
    layout: 'panels',
    ...packed,
    groups: 1,
    channels: rows,
    reduce: [columns],
    reduceStrides: [1],
    channelStride: columns,
    groupStride: 0,
  };
}

/** Scratch 0 is what the input adds to the gates, 1 the gates of one step; weight 0 is that of the input, 1 of the state. */
export function lowerRecurrence(
  context: LowerContext<Attrs>,
  { batch, steps, inputs, hidden }: Recurrence,
  gates: number,
  recurrence: KernelCall,
): Lowered | null {
  const given = packable(context, 1, 3);
  const state = packable(context, 2, 4);
  if (!given || !state || batch * steps * inputs === 0) return null;
  const width = gates * hidden;
  const weight = rowsInPanels(given, width, inputs);
  const params = {
    m: batch * steps,
    n: width,
    k: inputs,
    ldx: inputs,
    ldy: width,
    ldr: width,
    ...wholeLayer(weight),
    ...epilogueParams(noEpilogue),
  };
  const size = elementSize('float32');
  return {
    calls: [
      call('f32-gemm', { y: { scratch: 0 }, x: { input: 0 }, w: { weight: 0 }, residual: null }, params),
      recurrence,
    ],
    weights: [weight, rowsInPanels(state, width, hidden)],
    scratch: [batch * steps * width * size, batch * width * size],
  };
}

/** The states before the first step, as operands. */
export const stateOperand = (types: Types, index: number) => (types[index] ? { input: index } : null);

/** Both products, for each step. */
export const recurrenceCost = (types: Types, outputs: readonly TensorType[]): Cost => {
  const [batch, steps] = required(types, 0, 'x').shape as [number, number];
  const weights = [1, 2].reduce((sum, i) => sum + elementCount(types[i]!.shape), 0);
  return { flops: 2 * batch * steps * weights, bytes: trafficOf([types[0] ?? null], outputs) };
};
