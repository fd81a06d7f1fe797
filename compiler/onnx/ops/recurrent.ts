/**
 * LSTM and GRU. ONNX stacks the directions in each operand and has the gates in an order of its own. An import takes the
 * operands apart, emits one op for each direction and puts the results together; an export writes one direction a node.
 */

import type { ValueId } from '../../ir/graph.ts';
import type { TensorType } from '../../ir/types.ts';
import type { AttrsOf } from '../../ops/index.ts';
import { int, string } from '../export/graph.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Export, type ImportEntry, withConstants } from './define.ts';

interface Kind {
  readonly op: 'lstm' | 'gru';
  /** Our gate k is their gate order[k]. */
  readonly order: readonly number[];
  readonly activations: readonly string[];
}

// Theirs: i, o, f, c.  Ours: i, f, g, o.
const lstm: Kind = { op: 'lstm', order: [0, 2, 3, 1], activations: ['Sigmoid', 'Tanh', 'Tanh'] };
// Theirs: z, r, h.  Ours: r, z, n.
const gru: Kind = { op: 'gru', order: [1, 0, 2], activations: ['Sigmoid', 'Tanh'] };

function checkSupported(node: ImportNode, { op, activations }: Kind, directions: number): void {
  const given = node.strings('activations');
  const usual = Array.from({ length: directions }, () => activations).flat();
  if (given?.some((name, i) => name.toLowerCase() !== usual[i]!.toLowerCase()))
    node.unsupported(`activations [${given.join(', ')}]`);
  if (node.has('clip')) node.unsupported('clip');
  if (node.int('input_forget', 0) !== 0) node.unsupported('input_forget');
  if (op === 'gru' && node.int('linear_before_reset', 0) === 0)
    node.unsupported('linear_before_reset = 0 (the reset gate before the product)');
  if (node.optional(7) !== null) node.unsupported('peepholes');
}

/** Sequences that end early are not supported; lengths that are all the whole length are. */
function checkLengths(node: ImportNode<'sequence_lens'>, steps: number): void {
  const lengths = node.constantNumbers('sequence_lens');
  if (lengths?.some((length) => length !== steps)) node.unsupported('sequences of different lengths');
}

const read = (kind: Kind): ImportEntry =>
  withConstants({ sequence_lens: 4 }, (node) => {
    const direction = node.string('direction', 'forward');
    if (!['forward', 'reverse', 'bidirectional'].includes(direction))
      node.invalid('direction', 'forward, reverse or bidirectional', direction);
    const reversals = direction === 'bidirectional' ? [false, true] : [direction === 'reverse'];
    checkSupported(node, kind, reversals.length);
    const batchFirst = node.int('layout', 0) === 1;
    const given = node.input(0);
    if (node.shape(given).length !== 3) node.invalid('input X', 'rank 3', `rank ${node.shape(given).length}`);
    const x = batchFirst ? given : node.emit('transpose', [given], { perm: [1, 0, 2] }, 'batch_first');
    const [batch, steps] = node.shape(x) as [number, number];
    checkLengths(node, steps);
    const hidden = node.shape(node.input(2)).at(-1)!;
    const states = kind.op === 'lstm' ? [5, 6] : [5];
    const results = reversals.map((reverse, d) => {
      const part = (name: string): string => (reversals.length > 1 ? `${name}.${d}` : name);
      const initial = states.map((index) => initialState(node, index, d, batchFirst, part(`state${index}`)));
      const inputs = [x, ...operands(node, kind, d, hidden, part), ...initial];
      const last = reversals.length > 1 ? `direction${d}` : 'sequence';
      const [y, c] = node.emitAll(kind.op, inputs, { reverse }, last);
      const end = { starts: [0, reverse ? 0 : steps - 1, 0], sizes: [batch, 1, hidden], steps: [1, 1, 1] };
      return { y: y!, h: node.emit('slice', [y!], end, part('last')), c };
    });
    /** [batch, …, hidden] of each direction as one tensor, the direction in front of (or, batch first, behind) the batch. */
    const together = (values: readonly ValueId[], name: string): ValueId => {
      const shaped = values.map((value, d) =>
        node.reshape(value, batchFirst ? [batch, 1, hidden] : [1, batch, hidden], `${name}.${d}`),
      );
      return shaped.length === 1
        ? shaped[0]!
        : node.emit('concat', shaped, { axis: batchFirst ? 1 : 0 }, name);
    };
    const sequences = results.map(({ y }, d) =>
      batchFirst
        ? node.reshape(y, [batch, steps, 1, hidden], `steps.${d}`)
        : node.reshape(
            node.emit('transpose', [y], { perm: [1, 0, 2] }, `steps_first.${d}`),
            [steps, 1, batch, hidden],
            `steps.${d}`,
          ),
    );
    const y =
      sequences.length === 1
        ? sequences[0]!
        : node.emit('concat', sequences, { axis: batchFirst ? 2 : 1 }, 'y');
    const h = node.wants(1)
      ? together(
          results.map((result) => result.h),
          'y_h',
        )
      : null;
    if (kind.op === 'gru') return [y, h];
    return [
      y,
      h,
      node.wants(2)
        ? together(
            results.map((result) => result.c!),
            'y_c',
          )
        : null,
    ];
  });

/** Part d of a stacked operand, of the given shape. */
function direction(node: ImportNode, id: ValueId, d: number, part: string): ValueId {
  const shape = node.shape(id);
  const sizes = [1, ...shape.slice(1)];
  const starts = [d, ...shape.slice(1).map(() => 0)];
  const one =
    shape[0] === 1 ? id : node.emit('slice', [id], { starts, sizes, steps: sizes.map(() => 1) }, part);
  return node.reshape(one, shape.slice(1), part);
}

/** The gates in our order, along the first axis. */
function reordered(node: ImportNode, id: ValueId, order: readonly number[], part: string): ValueId {
  const rows = node.shape(id)[0]! / order.length;
  const gates = node.emitAll('split', [id], { axis: 0, sizes: order.map(() => rows) }, `${part}.gates`);
  return node.emit(
    'concat',
    order.map((gate) => gates[gate]!),
    { axis: 0 },
    part,
  );
}

/** Both weights and both biases of a direction. */
function operands(
  node: ImportNode,
  { order }: Kind,
  d: number,
  hidden: number,
  part: (name: string) => string,
): (ValueId | null)[] {
  const weights = [1, 2].map((i) => {
    const name = part(i === 1 ? 'W' : 'R');
    return reordered(node, direction(node, node.input(i), d, name), order, name);
  });
  const stacked = node.optional(3);
  if (stacked === null) return [...weights, null, null];
  const both = direction(node, stacked, d, part('B'));
  const half = order.length * hidden;
  const biases = node.emitAll('split', [both], { axis: 0, sizes: [half, half] }, part('B.halves'));
  return [...weights, ...biases.map((bias, i) => reordered(node, bias, order, part(i === 0 ? 'Wb' : 'Rb')))];
}

function initialState(
  node: ImportNode,
  index: number,
  d: number,
  batchFirst: boolean,
  part: string,
): ValueId | null {
  const id = node.optional(index);
  if (id === null) return null;
  const stacked = batchFirst ? node.emit('transpose', [id], { perm: [1, 0, 2] }, `${part}.directions`) : id;
  return direction(node, stacked, d, part);
}

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
export const recurrent = defineOnnx({
  imports: { LSTM: read(lstm), GRU: read(gru) },
  exports: {
    lstm: write('LSTM', [0, 3, 1, 2], [5, 6]),
    gru: write('GRU', [1, 0, 2], [5]),
  },
});
