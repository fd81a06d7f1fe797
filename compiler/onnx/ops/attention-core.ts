/**
 * Scaled dot-product attention (Vaswani et al. 2017, arXiv 1706.03762), put together from products and softmax. It runs
 * over [batch, heads, steps, width] in float32 (float64 if it is that); what may be seen is a bias of 0 and −∞.
 */
import type { ValueId } from '../../ir/graph.ts';
import { type DType, elementCount } from '../../ir/types.ts';
import type { ImportNode } from '../import/node.ts';

/** What stands for −∞ where softmax would make NaN of it: no product reaches as far, and it takes all of one in. */
const LEAST = -1e29;

export interface AttentionInputs {
  /** [batch, heads, steps, width]; the heads of keys and values divide those of the queries. */
  readonly q: ValueId;
  readonly k: ValueId;
  readonly v: ValueId;
  /** Broadcasts to [batch, heads, steps, keys]. */
  readonly bias: ValueId | null;
  readonly scale: number;
  /** Products are bent to lie between ±softcap; 0 for none. */
  readonly softcap: number;
}

export interface AttentionResults {
  /** [batch, heads, steps, width of the values] */
  readonly y: ValueId;
  /** Products, bent, and with the bias; then what softmax makes of them. [batch, heads, steps, keys] */
  readonly products: ValueId;
  readonly bent: ValueId;
  readonly biased: ValueId;
  readonly weights: ValueId;
}

/** Attention computes in float32, or in float64 where its inputs are that. */
export const widened = (node: ImportNode, id: ValueId, part: string): ValueId => {
  const { dtype } = node.type(id);
  return dtype === 'float32' || dtype === 'float64'
    ? id
    : node.emit('cast', [id], { to: 'float32' }, `${part}.wide`);
};

export const narrowed = (node: ImportNode, id: ValueId, to: DType, part: string): ValueId =>
  node.type(id).dtype === to ? id : node.emit('cast', [id], { to }, part);

/** [batch, steps, heads · width] as [batch, heads, steps, width]. */
export function split(node: ImportNode, id: ValueId, heads: number, part: string): ValueId {
  const [batch, steps, width] = node.shape(id) as [number, number, number];
  if (heads < 1 || width % heads !== 0) node.invalid('number of heads', `a divisor of ${width}`, `${heads}`);
  const apart = node.reshape(id, [batch, steps, heads, width / heads], `${part}.heads`);
  return node.emit('transpose', [apart], { perm: [0, 2, 1, 3] }, part);
}

/** The reverse of `split`. */
export function joined(node: ImportNode, id: ValueId, part: string): ValueId {
  const [batch, heads, steps, width] = node.shape(id) as [number, number, number, number];
  const turned = node.emit('transpose', [id], { perm: [0, 2, 1, 3] }, `${part}.steps`);
  return node.reshape(turned, [batch, steps, heads * width], part);
}

/** Truth values, 0 or 1 in any type, as a bias: the logarithm of 1 is 0, that of 0 is −∞. */
export const biasOf = (node: ImportNode, seen: ValueId, dtype: DType, part: string): ValueId =>
  node.emit('log', [narrowed(node, seen, dtype, `${part}.number`)], {}, part);

/** The bias of a window over the keys, for queries that begin at `offset`: 0 where allowed(i + offset, j), else −∞. */
export function constantBias(
  node: ImportNode,
  dtype: DType,
  [steps, keys]: readonly [number, number],
  allowed: (i: number, j: number) => boolean,
  part: string,
): ValueId {
  const values = Array.from({ length: steps * keys }, (_, at) =>
    allowed(Math.floor(at / keys), at % keys) ? 0 : Number.NEGATIVE_INFINITY,
  );
  return node.constant({ dtype, shape: [steps, keys] }, values, part);
}

/** The bias that shows key j to query i where i + offset − j ≥ least; the offset is one whole number for each batch. */
export function shiftedBias(
  node: ImportNode,
  offset: ValueId,
  dtype: DType,
  [steps, keys]: readonly [number, number],
  distance: (i: number, j: number) => number,
  part: string,
): ValueId {
  const values = Array.from({ length: steps * keys }, (_, at) => distance(Math.floor(at / keys), at % keys));
  const distances = node.constant({ dtype, shape: [steps, keys] }, values, `${part}.distances`);
  const wide = narrowed(node, offset, dtype, `${part}.offset`);
  const each = node.reshape(wide, [elementCount(node.shape(wide)), 1, 1, 1], `${part}.each`);
  const room = node.emit('add', [each, distances], {}, `${part}.room`);
  return biasOf(node, node.emit('clip', [room], { min: 0, max: 1 }, `${part}.seen`), dtype, part);
}

export const added = (
  node: ImportNode,
  a: ValueId | null,
  b: ValueId | null,
  part: string,
): ValueId | null => {
  if (a === null || b === null) return a ?? b;
  return node.emit('add', [a, b], {}, part);
};

/** Whether some row of the bias may hide all keys, which only a constant can deny. */
function mayHideAll(node: ImportNode, bias: ValueId): boolean {
  const shape = node.shape(bias);
  const keys = shape.at(-1) ?? 1;
  if (elementCount(shape) > 2 ** 17) return true;
  const values = node.numbersOf(bias);
  if (values === null) return true;
  for (let row = 0; row < values.length; row += keys)
    if (values.slice(row, row + keys).every((value) => value === Number.NEGATIVE_INFINITY)) return true;
  return false;
}

export function attend(
  node: ImportNode,
  { q, k, v, bias, scale, softcap }: AttentionInputs,
): AttentionResults {
  const [batch, heads, steps, width] = node.shape(q) as [number, number, number, number];
  const [, shared, keys] = node.shape(k) as [number, number, number];
  if (shared < 1 || heads % shared !== 0)
    node.invalid('heads of the keys', `a divisor of ${heads}`, `${shared}`);
  const { dtype } = node.type(q);
  // Queries that share a head of the keys are rows of one product.
  const rows = (heads / shared) * steps;
  const scaled = node.emit('mul', [q, node.scalar(dtype, scale, 'scale')], {}, 'scaled');
  const queries = node.reshape(scaled, [batch, shared, rows, width], 'queries');
  const flat = node.emit('matmul', [queries, k], { transB: true }, 'products');
  const products = node.reshape(flat, [batch, heads, steps, keys], 'products.heads');
  const bent = softcap > 0 ? capped(node, products, softcap) : products;
  const biased = added(node, bent, bias, 'biased')!;
  const weights = bias === null ? soft(node, biased) : masked(node, bent, bias);
  const wide = node.reshape(weights, [batch, shared, rows, keys], 'weights.rows');
  const y = node.emit('matmul', [wide, v], {}, 'attended');
  const shaped = node.reshape(y, [batch, heads, steps, node.shape(v)[3]!], 'attended.heads');
  return { y: shaped, products, bent, biased, weights };
}

const soft = (node: ImportNode, x: ValueId): ValueId => node.emit('softmax', [x], { axis: -1 }, 'weights');

function capped(node: ImportNode, x: ValueId, softcap: number): ValueId {
  const { dtype } = node.type(x);
  const narrow = node.emit('mul', [x, node.scalar(dtype, 1 / softcap, 'narrow')], {}, 'narrowed');
  const bent = node.emit('tanh', [narrow], {}, 'bent');
  return node.emit('mul', [bent, node.scalar(dtype, softcap, 'softcap')], {}, 'capped');
}

/** Softmax of x + bias; a row of −∞ alone has weights of 0. */
function masked(node: ImportNode, x: ValueId, bias: ValueId): ValueId {
  if (!mayHideAll(node, bias)) return soft(node, node.emit('add', [x, bias], {}, 'biased'));
  const { dtype, shape } = node.type(bias);
  const least = node.emit('max', [bias, node.scalar(dtype, LEAST, 'least')], {}, 'bounded');
  const weights = soft(node, node.emit('add', [x, least], {}, 'biased'));
  const best = node.emit('reduceMax', [bias], { axes: [shape.length - 1], keepDims: true }, 'best');
  // Of −∞ this is −∞ and of every number at least 4: what is left is 0 or 1.
  const part = node.emit('mul', [best, node.scalar(dtype, 2 ** -126, 'small')], {}, 'part');
  const sum = node.emit('add', [part, node.scalar(dtype, 8, 'eight')], {}, 'sum');
  const alive = node.emit('clip', [sum], { min: 0, max: 1 }, 'alive');
  return node.emit('mul', [weights, alive], {}, 'weights.alive');
}
