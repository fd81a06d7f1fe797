/** Attention of com.microsoft: Attention, MultiHeadAttention and GroupQueryAttention, as onnxruntime defines them. */
import type { ValueId } from '../../ir/graph.ts';
import { type DType, elementCount } from '../../ir/types.ts';
import type { ImportNode } from '../import/node.ts';
import {
  added,
  attend,
  constantBias,
  joined,
  narrowed,
  shiftedBias,
  split,
  widened,
} from './attention-core.ts';
import { defineOnnx, type Import } from './define.ts';
import { anglesFor, rotated } from './rotary.ts';

const scaleOf = (node: ImportNode, width: number): number => node.float('scale', 0) || 1 / Math.sqrt(width);

/** A slice of one axis. */
function slice(
  node: ImportNode,
  x: ValueId,
  axis: number,
  from: number,
  count: number,
  part: string,
): ValueId {
  const shape = node.shape(x);
  if (count === shape[axis]) return x;
  const starts = shape.map(() => 0).with(axis, from);
  return node.emit('slice', [x], { starts, sizes: shape.with(axis, count), steps: shape.map(() => 1) }, part);
}

/** [batch, steps, width] with a vector of the same width added. */
const withBias = (node: ImportNode, x: ValueId, bias: ValueId | null, part: string): ValueId =>
  bias === null ? x : node.emit('add', [x, bias], {}, part);

/**
 * What a padding mask hides gets a large negative number. The mask is 1 where a key counts, by key or by query and key.
 * Or it is the number of keys of each batch; the first key of each may follow.
 */
function paddingBias(
  node: ImportNode,
  mask: ValueId,
  dtype: DType,
  [batch, steps, keys]: readonly [number, number, number],
): ValueId {
  const shape = node.shape(mask);
  const filter = node.scalar(dtype, node.float('mask_filter_value', -10000), 'mask.filter');
  const one = node.scalar(dtype, 1, 'mask.one');
  let seen: ValueId;
  if (shape.length === 1) {
    const count = shape[0]!;
    if (count !== batch && count !== 2 * batch) node.unsupported(`a mask of ${count} numbers`);
    const wide = narrowed(node, mask, dtype, 'mask.wide');
    const at = (id: ValueId, part: string): ValueId => node.reshape(id, [batch, 1, 1, 1], part);
    const order = Array.from({ length: keys }, (_, key) => key);
    const place = node.constant({ dtype, shape: [keys] }, order, 'mask.keys');
    const until = (ends: ValueId, part: string): ValueId =>
      node.emit('clip', [node.emit('sub', [ends, place], {}, `${part}.room`)], { min: 0, max: 1 }, part);
    const ends = at(slice(node, wide, 0, 0, batch, 'mask.ends'), 'mask.end');
    seen = until(ends, 'mask.before_end');
    if (count === 2 * batch) {
      const begins = at(slice(node, wide, 0, batch, batch, 'mask.begins'), 'mask.begin');
      const early = until(begins, 'mask.before_begin');
      seen = node.emit('sub', [seen, early], {}, 'mask.between');
    }
  } else {
    const spread =
      shape.length === 2
        ? [shape[0]!, 1, 1, shape[1]!]
        : shape.length === 3
          ? [shape[0]!, 1, ...shape.slice(1)]
          : [...shape];
    const wide = node.reshape(narrowed(node, mask, dtype, 'mask.wide'), spread, 'mask.spread');
    // A mask of whole sequences shows the queries' own steps last.
    const rows = spread[2]! > steps ? slice(node, wide, 2, spread[2]! - steps, steps, 'mask.rows') : wide;
    seen = spread[3]! > keys ? slice(node, rows, 3, 0, keys, 'mask.columns') : rows;
  }
  const hidden = node.emit('sub', [one, seen], {}, 'mask.hidden');
  return node.emit('mul', [hidden, filter], {}, 'mask');
}

const causalBias = (node: ImportNode, dtype: DType, steps: number, keys: number): ValueId =>
  constantBias(node, dtype, [steps, keys], (i, j) => j <= i + keys - steps, 'causal');

interface Heads {
  readonly q: ValueId;
  readonly k: ValueId;
  readonly v: ValueId;
}

/** Attention over whole heads, with what Attention and MultiHeadAttention have of masks. */
function finished(
  node: ImportNode,
  { q, k, v }: Heads,
  own: DType,
  mask: ValueId | null,
  attentionBias: ValueId | null,
) {
  const { dtype, shape } = node.type(q);
  const [batch, , steps, width] = shape as [number, number, number, number];
  const keys = node.shape(k)[2]!;
  const padding = mask === null ? null : paddingBias(node, mask, dtype, [batch, steps, keys]);
  const causal = node.int('unidirectional', 0) === 0 ? null : causalBias(node, dtype, steps, keys);
  const own4 = attentionBias === null ? null : narrowed(node, attentionBias, dtype, 'attention_bias');
  const bias = added(node, added(node, padding, causal, 'mask.causal'), own4, 'bias');
  const results = attend(node, { q, k, v, bias, scale: scaleOf(node, width), softcap: 0 });
  const y = narrowed(node, joined(node, results.y, 'y'), own, 'y.own');
  return { y, products: results.biased };
}

/** The cache [batch, heads, steps, width] with new steps behind it. */
const behind = (node: ImportNode, past: ValueId | null, now: ValueId, part: string): ValueId =>
  past === null ? now : node.emit('concat', [widened(node, past, `${part}.past`), now], { axis: 2 }, part);

const attention: Import = (node) => {
  if (node.int('do_rotary', 0) !== 0) node.unsupported('do_rotary');
  if (node.optional(6) !== null) node.unsupported('past_sequence_length');
  const x = widened(node, node.input(0), 'x');
  const weights = widened(node, node.input(1), 'w');
  const heads = node.int('num_heads', 0);
  const bias = node.optional(2);
  const product = node.emit('matmul', [x, weights], {}, 'projected');
  const all = withBias(node, product, bias === null ? null : widened(node, bias, 'b'), 'qkv');
  const third = node.shape(weights)[1]! / 3;
  const sizes = node.ints('qkv_hidden_sizes') ?? [third, third, third];
  const [q, now, values] = node
    .emitAll('split', [all], { axis: 2, sizes }, 'parts')
    .map((id, i) => split(node, id, heads, 'qkv'[i]!)) as [ValueId, ValueId, ValueId];
  const past = node.optional(4);
  const cached = (index: number): ValueId | null => {
    if (past === null) return null;
    const one = slice(node, past, 0, index, 1, `past${index}`);
    return node.reshape(one, node.shape(past).slice(1), `past${index}.of`);
  };
  const k = behind(node, cached(0), now, 'present_key');
  const v = behind(node, cached(1), values, 'present_value');
  const own = node.type(node.input(0)).dtype;
  const { y } = finished(node, { q, k, v }, own, node.optional(3), node.optional(5));
  if (!node.wants(1)) return [y];
  const both = [k, v].map((id) => node.reshape(id, [1, ...node.shape(id)], 'present.one'));
  return [y, narrowed(node, node.emit('concat', both, { axis: 0 }, 'present'), own, 'present.own')];
};

/** Queries, keys and values apart, or packed as [batch, steps, heads, 3 (or 2), width]. */
function headsOf(node: ImportNode, heads: number): Heads {
  const query = widened(node, node.input(0), 'query');
  const [key, value] = [node.optional(1), node.optional(2)];
  const unpacked = (packed: ValueId, index: number, part: string): ValueId => {
    const [batch, steps, , , width] = node.shape(packed) as [number, number, number, number, number];
    const one = slice(node, packed, 3, index, 1, `${part}.packed`);
    return node.reshape(one, [batch, steps, heads * width], part);
  };
  const packedQuery = node.shape(query).length === 5;
  const flat = {
    q: packedQuery ? unpacked(query, 0, 'q') : query,
    k: packedQuery ? unpacked(query, 1, 'k') : widened(node, key ?? node.input(1), 'key'),
    v: packedQuery ? unpacked(query, 2, 'v') : value === null ? null : widened(node, value, 'value'),
  };
  const packedKey = !packedQuery && node.shape(flat.k).length === 5;
  const k = packedKey ? unpacked(flat.k, 0, 'k') : flat.k;
  const v = packedKey ? unpacked(flat.k, 1, 'v') : (flat.v ?? node.input(2));
  const bias = node.optional(3);
  const widths = [flat.q, k, v].map((id) => (node.shape(id).length === 3 ? node.shape(id)[2]! : 0));
  const wide = bias === null ? null : widened(node, bias, 'bias');
  const biasPart = (i: number): ValueId | null => {
    if (wide === null || widths[i] === 0) return null;
    // Keys and values that are heads already have theirs inside; the vector holds room for them.
    const start = widths.slice(0, i).reduce((sum, width) => sum + (width || widths[0]!), 0);
    return slice(node, wide, 0, start, widths[i]!, `bias.${'qkv'[i]}`);
  };
  const shaped = (id: ValueId, i: number): ValueId =>
    node.shape(id).length === 4
      ? id
      : split(node, withBias(node, id, biasPart(i), `${'qkv'[i]}.biased`), heads, `${'qkv'[i]}.split`);
  return { q: shaped(flat.q, 0), k: shaped(k, 1), v: shaped(v, 2) };
}

const multiHeadAttention: Import = (node) => {
  if (node.optional(8) !== null || node.optional(9) !== null)
    node.unsupported('a cache of a length known at run time, or indirection');
  const { q, k, v } = headsOf(node, node.int('num_heads', 0));
  const own = node.type(node.input(0)).dtype;
  const keys = behind(node, node.optional(6), k, 'present_key');
  const values = behind(node, node.optional(7), v, 'present_value');
  const heads = { q, k: keys, v: values };
  const { y, products } = finished(node, heads, own, node.optional(4), node.optional(5));
  const out = (index: number, id: ValueId): ValueId | null =>
    node.wants(index) ? narrowed(node, id, own, `output${index}`) : null;
  return [y, out(1, keys), out(2, values), out(3, products)];
};

/** Where each batch's new steps begin: a constant where there is no cache, else from the lengths that it has with them. */
interface Place {
  readonly past: number;
  readonly steps: number;
  readonly keys: number;
  /** The number of steps before the new ones, [batch], where it is known at run time only. */
  readonly offset: ValueId | null;
}

/** Positions of the new steps, [1 or batch, steps]. */
function positionsOf(node: ImportNode, { steps, offset }: Place): ValueId {
  const counted = Array.from({ length: steps }, (_, step) => step);
  const dtype = 'int64';
  const order = node.constant({ dtype, shape: [1, steps] }, counted, 'steps');
  if (offset === null) return order;
  const first = node.reshape(narrowed(node, offset, dtype, 'first'), [node.shape(offset)[0]!, 1], 'firsts');
  return node.emit('add', [first, order], {}, 'positions');
}

/** What a query sees: keys up to its own, and no further back than a window. */
function groupBias(node: ImportNode, dtype: DType, { past, steps, keys, offset }: Place): ValueId {
  const window = node.int('local_window_size', -1);
  const size = [steps, keys] as const;
  const near = (i: number, j: number): boolean => window < 0 || i + past - j < window;
  if (offset === null)
    return constantBias(node, dtype, size, (i, j) => j <= i + past && near(i, j), 'causal');
  const causal = shiftedBias(node, offset, dtype, size, (i, j) => i - j + 1, 'causal');
  if (window < 0) return causal;
  const back = node.emit('neg', [offset], {}, 'back');
  return added(
    node,
    causal,
    shiftedBias(node, back, dtype, size, (i, j) => j - i + window, 'window'),
    'seen',
  )!;
}

const groupQueryAttention: Import = (node) => {
  if (node.int('smooth_softmax', 0) > 0 || node.optional(11) !== null)
    node.unsupported('smooth_softmax and head_sink');
  const [heads, shared] = [node.int('num_heads', 0), node.int('kv_num_heads', 0)];
  const own = node.type(node.input(0)).dtype;
  const query = widened(node, node.input(0), 'query');
  const packed = node.optional(1) === null;
  const width = node.shape(query)[2]! / (packed ? heads + 2 * shared : heads);
  const [flatQ, flatK, flatV] = packed
    ? node.emitAll(
        'split',
        [query],
        { axis: 2, sizes: [heads * width, shared * width, shared * width] },
        'parts',
      )
    : [query, widened(node, node.input(1), 'key'), widened(node, node.input(2), 'value')];
  const cache = [node.optional(3), node.optional(4)].map((id) =>
    id === null || elementCount(node.shape(id)) === 0 ? null : id,
  ) as [ValueId | null, ValueId | null];
  const steps = node.shape(query)[1]!;
  const past = cache[0] === null ? 0 : node.shape(cache[0])[2]!;
  const total = node.optional(6) === null ? null : node.numbersOf(node.input(6));
  if (total !== null && total[0] !== past + steps)
    node.unsupported(`a cache of ${past} steps for ${total[0]} in all (it must hold the steps before)`);
  const lengths = node.input(5);
  const lead = node.scalar(node.type(lengths).dtype, 1 - steps, 'lead');
  const offset = past === 0 ? null : node.emit('add', [lengths, lead], {}, 'offset');
  const place = { past, steps, keys: past + steps, offset };
  let [q, k] = [split(node, flatQ!, heads, 'q'), split(node, flatK!, shared, 'k')];
  if (node.int('do_rotary', 0) !== 0) {
    const positions = node.optional(9) ?? positionsOf(node, place);
    const [cos, sin] = [7, 8].map((i) =>
      widened(node, anglesFor(node, node.input(i), positions, 1, i === 7 ? 'cos' : 'sin'), `angles${i}`),
    ) as [ValueId, ValueId];
    const interleaved = node.int('rotary_interleaved', 0) !== 0;
    q = rotated(node, q, cos, sin, interleaved, 'q.rotated');
    k = rotated(node, k, cos, sin, interleaved, 'k.rotated');
  }
  const keys = behind(node, cache[0], k, 'present_key');
  const values = behind(node, cache[1], split(node, flatV!, shared, 'v'), 'present_value');
  const { dtype } = node.type(q);
  const given = node.optional(10);
  const bias = added(
    node,
    groupBias(node, dtype, place),
    given === null ? null : narrowed(node, given, dtype, 'attention_bias'),
    'bias',
  );
  const softcap = node.float('softcap', 0);
  const results = attend(node, { q, k: keys, v: values, bias, scale: scaleOf(node, width), softcap });
  const out = (id: ValueId, part: string): ValueId => narrowed(node, id, own, part);
  return [
    out(joined(node, results.y, 'y'), 'y.own'),
    out(keys, 'present_key.own'),
    out(values, 'present_value.own'),
  ];
};

export const contribAttention = defineOnnx({
  imports: {
    'com.microsoft:Attention': attention,
    'com.microsoft:MultiHeadAttention': multiHeadAttention,
    'com.microsoft:GroupQueryAttention': groupQueryAttention,
  },
  exports: {},
});
