/**
 * The k largest or smallest elements along an axis, in order, and their places as int64. Of equal ones the earlier comes
 * first. (ONNX TopK-24)
 */
import { zeros } from '../../ir/tensor.ts';
import { elementCount, formatType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { numbersOf } from '../reference/elements.ts';
import { present } from '../reference/reals.ts';

type Elements = ArrayLike<number | bigint>;

/**
 * The best `k` of `count` elements from `first`, `step` apart, best first. A heap holds the best so far with the worst of
 * them on top, so that a long row costs one comparison for most of its elements.
 */
function best(x: Elements, first: number, step: number, count: number, k: number, largest: boolean) {
  const heap = new Int32Array(k);
  const worse = (a: number, b: number): boolean => {
    const [u, v] = [x[first + a * step]!, x[first + b * step]!];
    if (u === v) return a > b;
    return largest ? u < v : u > v;
  };
  const sink = (from: number, size: number): void => {
    const moved = heap[from]!;
    let at = from;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && worse(heap[child + 1]!, heap[child]!)) child++;
      if (!worse(heap[child]!, moved)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = moved;
  };
  for (let i = 0; i < k; i++) heap[i] = i;
  for (let i = (k >> 1) - 1; i >= 0; i--) sink(i, k);
  for (let i = k; i < count && k > 0; i++) {
    if (!worse(heap[0]!, i)) continue;
    heap[0] = i;
    sink(0, k);
  }
  // The worst goes to the end, and the rest is a heap again.
  for (let size = k - 1; size > 0; size--) {
    const worst = heap[0]!;
    heap[0] = heap[size]!;
    heap[size] = worst;
    sink(0, size);
  }
  return heap;
}

export const topK = /* @__PURE__ */ defineOp({
  name: 'topK',
  inputs: ['x'],
  attrs: { k: 1, axis: 0, largest: true },
  required: ['k', 'axis'],
  traits: {
    apart: (attrs, _input, axis) => (axis === attrs.axis ? null : axis),
    permute: (attrs, perm) => ({
      attrs: { ...attrs, axis: perm[attrs.axis]! },
      inputs: ['same'],
      outputs: [perm, perm],
    }),
  },
  infer(inputs, { k, axis }) {
    const x = required(inputs, 0, 'x');
    const extent = x.shape[axis];
    if (extent === undefined) throw shapeError('axis', `an axis of ${formatType(x)}`, `${axis}`);
    if (!(Number.isInteger(k) && k >= 0 && k <= extent)) throw shapeError('k', `0 to ${extent}`, `${k}`);
    const shape = x.shape.with(axis, k);
    return [
      { dtype: x.dtype, shape },
      { dtype: 'int64', shape },
    ];
  },
  evaluate(inputs, { k, axis, largest }, [type, places]) {
    const x = present(inputs, 0);
    const { shape } = x.type;
    const extent = shape[axis]!;
    const inner = elementCount(shape.slice(axis + 1));
    const outer = elementCount(shape.slice(0, axis));
    const elements = x.type.dtype === 'float16' ? numbersOf(x) : x.data;
    const [values, indices] = [zeros(type!), zeros(places!)];
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        const first = o * extent * inner + i;
        const chosen = best(elements, first, inner, extent, k, largest);
        for (let n = 0; n < k; n++) {
          const to = (o * k + n) * inner + i;
          values.data[to] = x.data[first + chosen[n]! * inner]!;
          indices.data[to] = BigInt(chosen[n]!);
        }
      }
    return [values, indices];
  },
  host: 'chooses from results, after the layers that computed them',
  cost: (inputs, outputs) => ({
    flops: elementCount(required(inputs, 0, 'x').shape),
    bytes: trafficOf(inputs, outputs),
  }),
});
