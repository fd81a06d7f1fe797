/** Attention of ONNX, with masks, caches, groups of heads and windows. (ONNX Attention-23 to 25) */
import type { ValueId } from '../../ir/graph.ts';
import type { DType } from '../../ir/types.ts';
import type { ImportNode } from '../import/node.ts';
import {
  added,
  attend,
  biasOf,
  constantBias,
  joined,
  narrowed,
  shiftedBias,
  split,
  widened,
} from './attention-core.ts';
import { defineOnnx, type Import } from './define.ts';

/** The mask as a bias over all keys: those past its end are hidden. */
function maskOf(node: ImportNode, mask: ValueId, dtype: DType, keys: number): ValueId {
  const bias =
    node.type(mask).dtype === 'bool'
      ? biasOf(node, mask, dtype, 'mask')
      : narrowed(node, mask, dtype, 'mask.wide');
  const shape = node.shape(bias);
  const short = keys - (shape.at(-1) ?? 1);
  if (short <= 0 || shape.at(-1) === 1) return bias;
  const pads = [...shape.map(() => 0), ...shape.map((_, axis) => (axis === shape.length - 1 ? short : 0))];
  return node.emit('pad', [bias], { pads, value: Number.NEGATIVE_INFINITY }, 'mask.padded');
}

/** How far a query at position p sees: keys from p − left to p + right. */
function windowOf(node: ImportNode): { readonly left: number; readonly right: number } | null {
  const [left, right] = [node.int('left_window_size', -1), node.int('right_window_size', -1)];
  const bound = (size: number): number => (size < 0 ? Number.POSITIVE_INFINITY : size);
  const causal = node.int('is_causal', 0) !== 0;
  if (!causal && left < 0 && right < 0) return null;
  return { left: bound(left), right: causal ? Math.min(0, bound(right)) : bound(right) };
}

/** What is seen by position: of each batch's length, if that is given, and behind or around the query. */
function positionBias(
  node: ImportNode,
  dtype: DType,
  [steps, keys, past]: readonly [number, number, number],
): ValueId | null {
  const lengths = node.optional(6);
  const window = windowOf(node);
  const size = [steps, keys] as const;
  if (lengths === null) {
    if (window === null) return null;
    const seen = (i: number, j: number): boolean =>
      i + past - j <= window.left && j - i - past <= window.right;
    return constantBias(node, dtype, size, seen, 'window');
  }
  const within = shiftedBias(node, lengths, dtype, [1, keys], (_, j) => -j, 'lengths');
  if (window === null) return within;
  // Queries are the last steps before each length.
  const right = Number.isFinite(window.right)
    ? shiftedBias(node, lengths, dtype, size, (i, j) => i - steps - j + window.right + 1, 'right')
    : null;
  const back = Number.isFinite(window.left) ? node.emit('neg', [lengths], {}, 'back') : null;
  const left =
    back === null
      ? null
      : shiftedBias(node, back, dtype, size, (i, j) => steps - i + j + window.left + 1, 'left');
  return added(node, added(node, within, right, 'ahead'), left, 'around');
}

const attention: Import = (node) => {
  const given = [0, 1, 2].map((i) => node.input(i));
  const { dtype: own, shape } = node.type(given[0]!);
  const flat = shape.length === 3;
  const headsOf = (i: number): number => node.int(i === 0 ? 'q_num_heads' : 'kv_num_heads', 0);
  const [q, k, v] = given.map((id, i) => {
    const wide = widened(node, id, 'qkv'[i]!);
    return flat ? split(node, wide, headsOf(i), 'qkv'[i]!) : wide;
  }) as [ValueId, ValueId, ValueId];
  const { dtype } = node.type(q);
  const [pastKey, pastValue] = [node.optional(4), node.optional(5)];
  const present = (past: ValueId | null, now: ValueId, part: string): ValueId =>
    past === null
      ? now
      : node.emit('concat', [narrowed(node, past, dtype, `${part}.wide`), now], { axis: 2 }, part);
  const [keys, values] = [present(pastKey, k, 'present_key'), present(pastValue, v, 'present_value')];
  const size = [node.shape(q)[2]!, node.shape(keys)[2]!] as const;
  const past = size[1] - node.shape(k)[2]!;
  const mask = node.optional(3);
  const bias = added(
    node,
    mask === null ? null : maskOf(node, mask, dtype, size[1]),
    positionBias(node, dtype, [...size, past]),
    'bias',
  );
  const scale = node.float('scale', 1 / Math.sqrt(node.shape(q)[3]!));
  const softcap = node.float('softcap', 0);
  const results = attend(node, { q, k: keys, v: values, bias, scale, softcap });
  const mode = node.int('qk_matmul_output_mode', 0);
  const shown = [results.products, results.bent, results.biased, results.weights][mode];
  if (shown === undefined) node.invalid('qk_matmul_output_mode', '0 to 3', `${mode}`);
  const out = (id: ValueId, part: string): ValueId => narrowed(node, id, own, part);
  return [
    out(flat ? joined(node, results.y, 'y') : results.y, 'y.own'),
    out(keys, 'key.own'),
    out(values, 'value.own'),
    node.wants(3) ? out(shown!, 'shown.own') : null,
  ];
};

export const attentions = defineOnnx({ imports: { Attention: attention }, exports: {} });
