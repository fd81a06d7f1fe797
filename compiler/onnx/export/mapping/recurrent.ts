/** LSTM and GRU: steps before the batch, one direction in front, and the gates in ONNX's order. */
import type { TensorType } from '../../../ir/types.ts';
import { int, string } from '../draft.ts';
import { type Emit, type Exporter, plainly } from './exporter.ts';

/** Rows of each gate in ONNX's order: their gate k is our gate order[k]. */
const rowsOf = (order: readonly number[], hidden: number): number[] =>
  order.flatMap((gate) => Array.from({ length: hidden }, (_, row) => gate * hidden + row));

const recurrent =
  (op: 'LSTM' | 'GRU', order: readonly number[], states: readonly number[]): Emit =>
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
      direction: string(node.flag('reverse') ? 'reverse' : 'forward'),
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
export const recurrence: Readonly<Record<string, Exporter>> = {
  lstm: plainly(recurrent('LSTM', [0, 3, 1, 2], [5, 6])),
  gru: plainly(recurrent('GRU', [1, 0, 2], [5])),
};
