/** The plain reference of recurrent ops: sequence after sequence, step after step, in double precision. */

import type { Tensor } from '../../ir/tensor.ts';
import { elementCount, type TensorType } from '../../ir/types.ts';
import { recurrentInputs } from '../recurrent/recurrence.ts';
import { optionalReals, present, realsOf } from './reals.ts';

/**
 * One step: `given` is what the input adds to the gates and `sums` what the first state adds, both with their bias;
 * `states`, of one sequence each, become those after the step. The first is what the op puts out.
 */
type Advance = (given: Float64Array, sums: Float64Array, states: readonly Float64Array[]) => void;

/** y [batch, steps, hidden], of type `type`, and each state [batch, hidden] as it ends. States begin as given, or zero. */
export function runRecurrence(
  inputs: readonly (Tensor | null)[],
  type: TensorType,
  reverse: boolean,
  states: number,
  advance: Advance,
): { readonly y: Float64Array; readonly last: readonly Float64Array[] } {
  const [x, weightIn, weightState] = [0, 1, 2].map((i) => realsOf(present(inputs, i)));
  const [biasIn, biasState] = [3, 4].map((i) => optionalReals(inputs[i]));
  const first = Array.from({ length: states }, (_, i) => optionalReals(inputs[recurrentInputs.length + i]));
  const [batch, steps, hidden] = type.shape as [number, number, number];
  const width = inputs[0]!.type.shape[2]!;
  const y = new Float64Array(elementCount(type.shape));
  const last = first.map(() => new Float64Array(batch * hidden));
  for (let b = 0; b < batch; b++) {
    const now = first.map((given) =>
      Float64Array.from({ length: hidden }, (_, j) => given?.[b * hidden + j] ?? 0),
    );
    for (let step = 0; step < steps; step++) {
      const t = b * steps + (reverse ? steps - 1 - step : step);
      const row = Array.from({ length: width }, (_, k) => x![t * width + k]!);
      advance(
        product(weightIn!, biasIn ?? null, row),
        product(weightState!, biasState ?? null, now[0]!),
        now,
      );
      y.set(now[0]!, t * hidden);
    }
    for (const [i, state] of now.entries()) last[i]!.set(state, b * hidden);
  }
  return { y, last };
}

/** bias + w·v, one number for each row of w. */
function product(
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | null,
  v: ArrayLike<number>,
): Float64Array {
  const sums = new Float64Array(weight.length / v.length);
  for (let n = 0; n < sums.length; n++) {
    let sum = bias === null ? 0 : bias[n]!;
    for (let k = 0; k < v.length; k++) sum += weight[n * v.length + k]! * v[k]!;
    sums[n] = sum;
  }
  return sums;
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
