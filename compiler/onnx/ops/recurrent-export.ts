/** LSTM, GRU and RNN as ONNX has them: one direction a node, the gates in an order of its own. */
import type { TensorType } from '../../ir/types.ts';
import type { AttrsOf } from '../../ops/index.ts';
import { cellActivations } from '../../ops/reference/cells.ts';
import { type Attributes, float, floats, int, string, strings } from '../export/graph.ts';
import type { Export } from './define.ts';

/** Rows of each gate in ONNX's order: their gate k is our gate order[k]. */
const rowsOf = (order: readonly number[], hidden: number): number[] =>
  order.flatMap((gate) => Array.from({ length: hidden }, (_, row) => gate * hidden + row));

const write =
  (
    op: 'LSTM' | 'GRU',
    order: readonly number[],
    states: readonly number[],
  ): Export<AttrsOf<'lstm' | 'gru'>> =>
  (node) => {
    const [batch, steps, hidden] = node.type.shape as [number, number, number];
    const { dtype } = node.type;
    const width = order.length * hidden;
    const rows = node.indices(rowsOf(order, hidden), 'gates');
    const reordered = (index: number, name: string): string => {
      const type = node.typeOf(index);
      return node.add('Gather', [node.input(index), rows], { axis: int(0) }, name, type);
    };
    const weight = (index: number, name: string): string =>
      node.reshape(reordered(index, name), [1, ...node.typeOf(index).shape], `${name}.stacked`);
    const bias = (index: number, name: string): string =>
      node.has(index)
        ? reordered(index, name)
        : node.operand(dtype, [width], new Array<number>(width).fill(0), name);
    const biases = (): string => {
      if (!node.has(3) && !node.has(4)) return '';
      const type: TensorType = { dtype, shape: [2 * width] };
      const both = node.add('Concat', [bias(3, 'Wb'), bias(4, 'Rb')], { axis: int(0) }, 'B', type);
      return node.reshape(both, [1, 2 * width], 'B.stacked');
    };
    const initial = states.map((index) =>
      node.has(index) ? node.reshape(node.input(index), [1, batch, hidden], `state${index}`) : '',
    );
    const inputs = [
      node.transpose(node.input(0), [1, 0, 2], 'steps_first'),
      weight(1, 'W'),
      weight(2, 'R'),
      biases(),
      '',
      ...initial,
    ];
    const attributes = {
      hidden_size: int(hidden),
      direction: string(node.attrs.reverse ? 'reverse' : 'forward'),
      ...(op === 'GRU' ? { linear_before_reset: int(1) } : {}),
    };
    const state: TensorType = { dtype, shape: [1, batch, hidden] };
    const types = [{ dtype, shape: [steps, 1, batch, hidden] }, state, ...(op === 'LSTM' ? [state] : [])];
    const [y, , c] = node.addAll(op, inputs, attributes, 'recurrence', types);
    const sequences = node.reshape(y!, [steps, batch, hidden], 'sequences');
    return [
      node.transpose(sequences, [1, 0, 2], ''),
      ...(c === undefined ? [] : [node.reshape(c, [batch, hidden], 'c')]),
    ];
  };

// Ours: i, f, g, o and r, z, n. Theirs: i, o, f, c and z, r, h.
export const writeLstm = write('LSTM', [0, 3, 1, 2], [5, 6]);
export const writeGru = write('GRU', [1, 0, 2], [5]);

/** Attributes of the rules of a cell; numbers are given for the activations that need some. */
function rulesOf(attrs: AttrsOf<'recurrentCell'>): Attributes {
  const numbers = (kind: 'alpha' | 'beta', given: readonly number[]): number[] =>
    attrs.activations.flatMap((name, i) => {
      const known = cellActivations[name];
      return known?.needs.includes(kind) ? [given[i] ?? known[kind]] : [];
    });
  const [alphas, betas] = [numbers('alpha', attrs.alphas), numbers('beta', attrs.betas)];
  return {
    direction: string(attrs.reverse ? 'reverse' : 'forward'),
    ...(attrs.activations.length > 0 ? { activations: strings(attrs.activations) } : {}),
    ...(alphas.length > 0 ? { activation_alpha: floats(alphas) } : {}),
    ...(betas.length > 0 ? { activation_beta: floats(betas) } : {}),
    ...(Number.isFinite(attrs.clip) ? { clip: float(attrs.clip) } : {}),
    ...(attrs.inputForget ? { input_forget: int(1) } : {}),
    ...(attrs.resetAfter ? { linear_before_reset: int(1) } : {}),
  };
}

/** Operands of one direction, stacked as the only one. */
export const writeCell: Export<AttrsOf<'recurrentCell'>> = (node) => {
  const { dtype, shape } = node.type;
  const [batch, steps, hidden] = shape as [number, number, number];
  const states = node.outputs.length - 1;
  const rows = node.typeOf(1).shape[0]!;
  const stacked = (index: number, part: string): string =>
    node.has(index) ? node.reshape(node.input(index), [1, ...node.typeOf(index).shape], part) : '';
  const bias = (index: number, part: string): string =>
    node.has(index) ? node.input(index) : node.operand(dtype, [rows], new Array<number>(rows).fill(0), part);
  const biases = (): string => {
    if (!node.has(3) && !node.has(4)) return '';
    const type: TensorType = { dtype, shape: [2 * rows] };
    const both = node.add('Concat', [bias(3, 'Wb'), bias(4, 'Rb')], { axis: int(0) }, 'B', type);
    return node.reshape(both, [1, 2 * rows], 'B.stacked');
  };
  const inputs = [
    node.transpose(node.input(0), [1, 0, 2], 'steps_first'),
    stacked(1, 'W'),
    stacked(2, 'R'),
    biases(),
    node.input(6),
    stacked(7, 'h0'),
    ...(states > 1 ? [stacked(8, 'c0'), stacked(5, 'P')] : []),
  ];
  const state: TensorType = { dtype, shape: [1, batch, hidden] };
  const types = [{ dtype, shape: [steps, 1, batch, hidden] }, ...node.outputs.slice(1).map(() => state)];
  const attributes = { hidden_size: int(hidden), ...rulesOf(node.attrs) };
  const [y, ...ends] = node.addAll(node.attrs.cell.toUpperCase(), inputs, attributes, 'recurrence', types);
  const sequences = node.reshape(y!, [steps, batch, hidden], 'sequences');
  return [
    node.transpose(sequences, [1, 0, 2], ''),
    ...ends.map((end, i) => node.reshape(end, [batch, hidden], i === 0 ? 'h' : 'c')),
  ];
};
