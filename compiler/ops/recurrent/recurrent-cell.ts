/**
 * A recurrent layer with all that ONNX allows: any activations, clipped gates, peepholes, sequences that end early, GRU that
 * resets before its product, RNN. x [batch, steps, inputs] gives y [batch, steps, hidden], zero past a sequence's end, and
 * the states as they end. Gates are in the order of ONNX. (ONNX RNN-14, GRU-14, LSTM-14, one direction)
 */
import { elementCount, formatType, type TensorType } from '../../ir/types.ts';
import { defineOp, requireRank, shapeError } from '../define/op.ts';
import { numbers, optionalOf, requireFloat } from '../define/typing.ts';
import { type CellName, type CellRules, type CellStep, cellActivations, cells } from '../reference/cells.ts';
import { optionalReals, present, realsOf, tensorOfReals } from '../reference/reals.ts';
import { recurrenceCost } from './recurrence.ts';

const words: readonly string[] = [];

function cellOf(name: string) {
  if (!Object.hasOwn(cells, name)) throw shapeError('cell', Object.keys(cells).join(', '), name);
  return cells[name as CellName];
}

interface RuleAttrs {
  readonly cell: string;
  readonly activations: readonly string[];
  readonly alphas: readonly number[];
  readonly betas: readonly number[];
  readonly clip: number;
  readonly inputForget: boolean;
  readonly resetAfter: boolean;
}

function rulesOf({ cell, activations, alphas, betas, clip, ...rest }: RuleAttrs): CellRules {
  const names = activations.length === 0 ? cellOf(cell).activations : activations;
  if (names.length !== cellOf(cell).activations.length)
    throw shapeError('activations', `${cellOf(cell).activations.length}`, `${names.length}`);
  const functions = names.map((name, i) => {
    const known = Object.hasOwn(cellActivations, name) ? cellActivations[name] : undefined;
    if (known === undefined) throw shapeError('activation', Object.keys(cellActivations).join(', '), name);
    const { fn } = known;
    const [alpha, beta] = [alphas[i] ?? known.alpha, betas[i] ?? known.beta];
    return (x: number): number => fn(x, alpha, beta);
  });
  return { activations: functions, clip, ...rest };
}

/** Types of the inputs, which it checks, and sizes. */
function sizesOf(inputs: readonly (TensorType | null)[], name: string) {
  const { gates, states } = cellOf(name);
  const x = requireFloat(inputs, 0, 'x');
  if (x.shape.length !== 3) throw shapeError('input x', 'rank 3', formatType(x));
  const { dtype } = x;
  const [batch, steps, width] = x.shape as [number, number, number];
  const rows = requireRank(inputs, 1, 'weightIn', 2).shape[0]!;
  const hidden = rows / gates;
  if (!Number.isInteger(hidden) || hidden === 0)
    throw shapeError('input weightIn', `${gates} gates of as many rows each`, formatType(inputs[1]!));
  requireRank(inputs, 2, 'weightState', 2);
  optionalOf(inputs, 1, 'weightIn', { dtype, shape: [rows, width] });
  optionalOf(inputs, 2, 'weightState', { dtype, shape: [rows, hidden] });
  for (const [i, bias] of ['biasIn', 'biasState'].entries())
    optionalOf(inputs, 3 + i, bias, { dtype, shape: [rows] });
  optionalOf(inputs, 5, 'peepholes', { dtype, shape: [3 * hidden] });
  optionalOf(inputs, 6, 'lengths', { dtype: 'int32', shape: [batch] });
  const state = { dtype, shape: [batch, hidden] };
  optionalOf(inputs, 7, 'h0', state);
  optionalOf(inputs, 8, 'c0', state);
  return { batch, steps, width, hidden, rows, states, state, y: { dtype, shape: [batch, steps, hidden] } };
}

/** Σ over the columns of the rows of some gates, from a bias. */
function rowsTimes(
  weight: ArrayLike<number>,
  bias: ArrayLike<number> | null,
  v: ArrayLike<number>,
  [from, count]: readonly [number, number],
  at = 0,
  columns = v.length,
): Float64Array {
  const sums = new Float64Array(count);
  for (let n = 0; n < count; n++) {
    let sum = bias === null ? 0 : bias[from + n]!;
    const row = (from + n) * columns;
    for (let k = 0; k < columns; k++) sum += weight[row + k]! * v[at + k]!;
    sums[n] = sum;
  }
  return sums;
}

export const recurrentCell = /* @__PURE__ */ defineOp({
  name: 'recurrentCell',
  inputs: [
    ...['x', 'weightIn', 'weightState', 'biasIn?', 'biasState?', 'peepholes?', 'lengths?'],
    ...['h0?', 'c0?'],
  ],
  attrs: {
    cell: 'rnn',
    activations: words,
    alphas: numbers,
    betas: numbers,
    clip: Number.POSITIVE_INFINITY,
    inputForget: false,
    resetAfter: false,
    reverse: false,
  },
  required: ['cell'],
  traits: {},

  infer(inputs, attrs) {
    const { states, state, y } = sizesOf(inputs, attrs.cell);
    rulesOf(attrs);
    return [y, ...Array.from({ length: states }, () => state)];
  },

  evaluate(inputs, attrs, types) {
    const sizes = sizesOf(
      inputs.map((input) => input?.type ?? null),
      attrs.cell,
    );
    const { batch, steps, width, hidden, rows, states } = sizes;
    const { cell } = cellOf(attrs.cell);
    const rules = rulesOf(attrs);
    const [x, weightIn, weightState] = [0, 1, 2].map((i) => realsOf(present(inputs, i)));
    const [biasIn, biasState, peepholes, lengths, ...first] = [3, 4, 5, 6, 7, 8].map((i) =>
      optionalReals(inputs[i]),
    );
    const y = new Float64Array(elementCount(types[0]!.shape));
    const ends = Array.from({ length: states }, () => new Float64Array(batch * hidden));
    for (let b = 0; b < batch; b++) {
      const now = ends.map((_, i) =>
        Float64Array.from({ length: hidden }, (__, j) => first[i]?.[b * hidden + j] ?? 0),
      );
      const length = Math.max(0, Math.min(steps, lengths?.[b] ?? steps));
      for (let step = 0; step < length; step++) {
        const t = b * steps + (attrs.reverse ? length - 1 - step : step);
        const given = rowsTimes(weightIn!, biasIn ?? null, x!, [0, rows], t * width, width);
        const product: CellStep['product'] = (v, from, count) =>
          rowsTimes(weightState!, biasState ?? null, v, [from * hidden, count * hidden]);
        cell({ given, product, peepholes: peepholes ?? null }, now, rules);
        y.set(now[0]!, t * hidden);
      }
      for (const [i, end] of ends.entries()) end.set(now[i]!, b * hidden);
    }
    return [y, ...ends].map((values, i) => tensorOfReals(types[i]!, values));
  },

  host: 'is for what lstm and gru leave out, which trained networks seldom have',
  cost: recurrenceCost,
});
