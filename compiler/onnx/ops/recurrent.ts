/**
 * LSTM, GRU and RNN. ONNX stacks the directions in each operand and has the gates in an order of its own. An import takes the
 * operands apart, emits one op for each direction and puts the results together. What has no kernel is a `recurrentCell`.
 */

import { MillraceError } from '../../../runtime/error.ts';
import type { ValueId } from '../../ir/graph.ts';
import { cellActivations } from '../../ops/reference/cells.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import } from './define.ts';
import { writeCell, writeGru, writeLstm } from './recurrent-export.ts';

interface Kind {
  readonly cell: 'rnn' | 'gru' | 'lstm';
  /** Our gate k is their gate order[k]; null where we have no kernel. */
  readonly order: readonly number[] | null;
  readonly activations: readonly string[];
}

// Theirs: i, o, f, c.  Ours: i, f, g, o.
const lstm: Kind = { cell: 'lstm', order: [0, 2, 3, 1], activations: ['Sigmoid', 'Tanh', 'Tanh'] };
// Theirs: z, r, h.  Ours: r, z, n.
const gru: Kind = { cell: 'gru', order: [1, 0, 2], activations: ['Sigmoid', 'Tanh'] };
const rnn: Kind = { cell: 'rnn', order: null, activations: ['Tanh'] };

/** Names as ONNX spells them; models do in any case. */
const spelled = (name: string): string =>
  Object.keys(cellActivations).find((known) => known.toLowerCase() === name.toLowerCase()) ?? name;

/** Activations of direction d with their numbers, of which only those have some that need them. */
function activationsOf(node: ImportNode, { activations }: Kind, d: number) {
  const names = (node.strings('activations') ?? []).map(spelled);
  const given = names.length === 0 ? Array.from({ length: d + 1 }, () => activations).flat() : names;
  const taken = {
    alpha: [...(node.floats('activation_alpha') ?? [])],
    beta: [...(node.floats('activation_beta') ?? [])],
  };
  const own = given.map((name) => {
    const known = Object.hasOwn(cellActivations, name) ? cellActivations[name] : undefined;
    const number = (list: number[], fallback: number, needed: boolean): number =>
      (needed ? list.shift() : undefined) ?? fallback;
    const { alpha = 0, beta = 0 } = known ?? {};
    return {
      name,
      alpha: number(taken.alpha, alpha, known?.needs.includes('alpha') ?? false),
      beta: number(taken.beta, beta, known?.needs.includes('beta') ?? false),
    };
  });
  const mine = own.slice(d * activations.length, (d + 1) * activations.length);
  return {
    activations: mine.map(({ name }) => name),
    alphas: mine.map(({ alpha }) => alpha),
    betas: mine.map(({ beta }) => beta),
  };
}

/** Whether lstm and gru, which have kernels, compute what the node says; all its directions do, or none. */
function isUsual(node: ImportNode, { cell, order, activations }: Kind, steps: number): boolean {
  if (order === null || node.type(node.input(0)).dtype !== 'float32') return false;
  const given = node.strings('activations') ?? [];
  const lengths = node.optional(4);
  return (
    given.every((name, i) => spelled(name) === activations[i % activations.length]) &&
    !node.has('clip') &&
    node.int('input_forget', 0) === 0 &&
    (cell !== 'gru' || node.int('linear_before_reset', 0) !== 0) &&
    node.optional(7) === null &&
    (lengths === null || (node.numbersOf(lengths)?.every((length) => length >= steps) ?? false))
  );
}

const read =
  (kind: Kind): Import =>
  (node) => {
    const direction = node.string('direction', 'forward');
    if (!['forward', 'reverse', 'bidirectional'].includes(direction))
      node.invalid('direction', 'forward, reverse or bidirectional', direction);
    const reversals = direction === 'bidirectional' ? [false, true] : [direction === 'reverse'];
    const batchFirst = node.int('layout', 0) === 1;
    const given = node.input(0);
    if (node.shape(given).length !== 3) node.invalid('input X', 'rank 3', `rank ${node.shape(given).length}`);
    const x = batchFirst ? given : node.emit('transpose', [given], { perm: [1, 0, 2] }, 'batch_first');
    const [batch, steps] = node.shape(x) as [number, number];
    const usual = isUsual(node, kind, steps);
    const hidden = node.shape(node.input(2)).at(-1)!;
    const states = kind.cell === 'lstm' ? [5, 6] : [5];
    const results = reversals.map((reverse, d) => {
      const part = (name: string): string => (reversals.length > 1 ? `${name}.${d}` : name);
      const initial = states.map((index) => initialState(node, index, d, batchFirst, part(`state${index}`)));
      const last = reversals.length > 1 ? `direction${d}` : 'sequence';
      const order = usual ? kind.order : null;
      const weights = operands(node, order, d, part);
      if (kind.cell === 'rnn' || order === null) {
        const peepholes = kind.cell === 'lstm' ? node.optional(7) : null;
        const inputs = [
          x,
          ...weights,
          peepholes === null ? null : partOf(node, peepholes, d, part('P')),
          node.optional(4),
          ...initial,
        ];
        const attrs = {
          cell: kind.cell,
          ...activationsOf(node, kind, d),
          clip: node.float('clip', Number.POSITIVE_INFINITY),
          inputForget: node.int('input_forget', 0) !== 0,
          resetAfter: node.int('linear_before_reset', 0) !== 0,
          reverse,
        };
        const [y, h, c] = node.emitAll('recurrentCell', inputs, attrs, last);
        return { y: y!, h: h!, c };
      }
      const [y, c] = node.emitAll(kind.cell, [x, ...weights, ...initial], { reverse }, last);
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
    if (kind.cell !== 'lstm') return [y, h];
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
  };

/** Part d of a stacked operand, of the given shape. */
function partOf(node: ImportNode, id: ValueId, d: number, part: string): ValueId {
  const shape = node.shape(id);
  const sizes = [1, ...shape.slice(1)];
  const starts = [d, ...shape.slice(1).map(() => 0)];
  const one =
    shape[0] === 1 ? id : node.emit('slice', [id], { starts, sizes, steps: sizes.map(() => 1) }, part);
  return node.reshape(one, shape.slice(1), part);
}

/**
 * The gates in our order, along the first axis. Slices, as large constants are put together from slices a piece at a time,
 * and a split has several results.
 */
function reordered(node: ImportNode, id: ValueId, order: readonly number[], part: string): ValueId {
  const shape = node.shape(id);
  const rows = shape[0]! / order.length;
  if (!Number.isInteger(rows))
    throw new MillraceError('MODEL_SHAPE', 'weights that do not part into gates', {
      at: part,
      expected: `a multiple of ${order.length} rows`,
      got: String(shape[0]),
    });
  const gates = order.map((gate) => {
    const starts = shape.map((_, axis) => (axis === 0 ? gate * rows : 0));
    const attrs = { starts, sizes: shape.with(0, rows), steps: shape.map(() => 1) };
    return node.emit('slice', [id], attrs, `${part}.gate${gate}`);
  });
  return node.emit('concat', gates, { axis: 0 }, part);
}

/** Both weights and both biases of a direction. */
function operands(
  node: ImportNode,
  order: readonly number[] | null,
  d: number,
  part: (name: string) => string,
): (ValueId | null)[] {
  const weights = [1, 2].map((i) => {
    const name = part(i === 1 ? 'W' : 'R');
    const weight = partOf(node, node.input(i), d, name);
    return order === null ? weight : reordered(node, weight, order, name);
  });
  const stacked = node.optional(3);
  if (stacked === null) return [...weights, null, null];
  const both = partOf(node, stacked, d, part('B'));
  const half = node.shape(both)[0]! / 2;
  const biases = node.emitAll('split', [both], { axis: 0, sizes: [half, half] }, part('B.halves'));
  if (order === null) return [...weights, ...biases];
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
  return partOf(node, stacked, d, part);
}

export const recurrent = defineOnnx({
  imports: { LSTM: read(lstm), GRU: read(gru), RNN: read(rnn) },
  exports: { lstm: writeLstm, gru: writeGru, recurrentCell: writeCell },
});
