/** Rotary position embeddings (Su et al. 2021, arXiv 2104.09864): pairs of numbers turned by an angle of their step. */
import type { ValueId } from '../../ir/graph.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import } from './define.ts';

/** Elements `from`, `from + step`, … of the last axis. */
function part(
  node: ImportNode,
  x: ValueId,
  [from, count, step]: readonly [number, number, number],
  name: string,
): ValueId {
  const shape = node.shape(x);
  if (from === 0 && step === 1 && count === shape.at(-1)) return x;
  const starts = shape.map(() => 0).with(-1, from);
  const sizes = shape.with(-1, count);
  return node.emit('slice', [x], { starts, sizes, steps: shape.map(() => 1).with(-1, step) }, name);
}

/**
 * The first numbers of x's last axis, turned; `cos` and `sin` hold half as many and broadcast to x. The pairs are
 * neighbours, or one of each half.
 */
export function rotated(
  node: ImportNode,
  x: ValueId,
  cos: ValueId,
  sin: ValueId,
  interleaved: boolean,
  name: string,
): ValueId {
  const shape = node.shape(x);
  const half = node.shape(cos).at(-1)!;
  const width = shape.at(-1)!;
  if (2 * half > width) node.invalid('cos_cache', `${width / 2} columns at most`, `${half}`);
  const turned = part(node, x, [0, 2 * half, 1], `${name}.turning`);
  const step = interleaved ? 2 : 1;
  const first = part(node, turned, [0, half, step], `${name}.first`);
  const second = part(node, turned, [interleaved ? 1 : half, half, step], `${name}.second`);
  const times = (a: ValueId, b: ValueId, what: string): ValueId =>
    node.emit('mul', [a, b], {}, `${name}.${what}`);
  const sub = [times(first, cos, 'first.cos'), times(second, sin, 'second.sin')];
  const sum = [times(first, sin, 'first.sin'), times(second, cos, 'second.cos')];
  const pair = [node.emit('sub', sub, {}, `${name}.real`), node.emit('add', sum, {}, `${name}.imaginary`)];
  const last = shape.length - 1;
  let result: ValueId;
  if (interleaved) {
    const apart = pair.map((id) => node.reshape(id, [...node.shape(id), 1], `${name}.apart`));
    const woven = node.emit('concat', apart, { axis: last + 1 }, `${name}.woven`);
    result = node.reshape(woven, shape.with(-1, 2 * half), `${name}.pairs`);
  } else result = node.emit('concat', pair, { axis: last }, `${name}.halves`);
  if (2 * half === width) return result;
  const rest = part(node, x, [2 * half, width - 2 * half, 1], `${name}.rest`);
  return node.emit('concat', [result, rest], { axis: last }, name);
}

/** Rows of a table of angles for each step, as they broadcast to [batch, heads, steps, …] or [batch, steps, heads, …]. */
export function anglesFor(
  node: ImportNode,
  table: ValueId,
  positions: ValueId | null,
  heads: 1 | 2,
  name: string,
): ValueId {
  const rows = positions === null ? table : node.emit('gather', [table, positions], { axis: 0 }, name);
  const shape = node.shape(rows);
  const whole = shape.length === 2 ? [1, ...shape] : shape;
  return node.reshape(rows, whole.toSpliced(heads, 0, 1), `${name}.each`);
}

/** Turns [batch, heads, steps, width] or [batch, steps, heads · width]. */
function rotaryOf(
  node: ImportNode,
  x: ValueId,
  tables: readonly [cos: ValueId, sin: ValueId],
  positions: ValueId | null,
): ValueId {
  const shape = node.shape(x);
  const interleaved = node.int('interleaved', 0) !== 0;
  const flat = shape.length === 3;
  if (!flat && shape.length !== 4) node.invalid('input', 'rank 3 or 4', `rank ${shape.length}`);
  const turning = node.int('rotary_embedding_dim', 0);
  const columns = node.shape(tables[0]).at(-1)!;
  const heads = node.int('num_heads', 0) || (turning > 0 ? 0 : Math.floor(shape.at(-1)! / (2 * columns)));
  if (flat && (heads < 1 || shape[2]! % heads !== 0))
    node.invalid('attribute "num_heads"', `a divisor of ${shape[2]}`, `${heads}`);
  const apart = flat ? node.reshape(x, [shape[0]!, shape[1]!, heads, shape[2]! / heads], 'heads') : x;
  const [cos, sin] = tables.map((table, i) =>
    anglesFor(node, table, positions, flat ? 2 : 1, i === 0 ? 'cos' : 'sin'),
  ) as [ValueId, ValueId];
  return node.reshape(rotated(node, apart, cos, sin, interleaved, 'rotated'), shape, 'shape');
}

const rotaryEmbedding: Import = (node) => [
  rotaryOf(node, node.input(0), [node.input(1), node.input(2)], node.optional(3)),
];

/** Positions are given for each step, or as the first step of all. */
const contribRotaryEmbedding: Import = (node) => {
  if (node.int('is_packed_batching', 0) !== 0) node.unsupported('is_packed_batching');
  const x = node.input(0);
  const shape = node.shape(x);
  const given = node.input(1);
  const steps = shape.length === 4 ? shape[2]! : shape[1]!;
  const { dtype, shape: own } = node.type(given);
  const counted = Array.from({ length: steps }, (_, step) => step);
  const positions =
    own.length === 2
      ? given
      : node.emit(
          'add',
          [
            node.reshape(given, [1, 1], 'start'),
            node.constant({ dtype, shape: [1, steps] }, counted, 'steps'),
          ],
          {},
          'positions',
        );
  const scale = node.float('scale', 1);
  const y = rotaryOf(node, x, [node.input(2), node.input(3)], positions);
  if (scale === 1) return [y];
  return [node.emit('mul', [y, node.scalar(node.type(y).dtype, scale, 'scale')])];
};

export const rotary = defineOnnx({
  imports: { RotaryEmbedding: rotaryEmbedding, 'com.microsoft:RotaryEmbedding': contribRotaryEmbedding },
  exports: {},
});
