/**
 * The slices of x along an axis that differ, each once, in ascending order or as they come: they, where each is first,
 * which of them each slice is, how often each occurs, and how many they are. (ONNX Unique-11)
 */
import { type Tensor, zeros } from '../../ir/tensor.ts';
import { elementCount, formatType } from '../../ir/types.ts';
import { elementwiseCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { numbersOf } from '../reference/elements.ts';
import { present } from '../reference/reals.ts';

type Row = readonly (number | bigint)[];

/** Element by element; what is not a number comes last. */
function compare(a: Row, b: Row): number {
  for (const [i, x] of a.entries()) {
    const y = b[i]!;
    if (x < y) return -1;
    if (x > y) return 1;
    if (x !== y && !(Number.isNaN(x) && Number.isNaN(y))) return Number.isNaN(x) ? 1 : -1;
  }
  return 0;
}

/** Slice n of [outer, extent, inner], as one list. */
function rowsOf(x: Tensor, axis: number): Row[] {
  const data = x.type.dtype === 'float16' ? numbersOf(x) : x.data;
  const extent = x.type.shape[axis]!;
  const inner = elementCount(x.type.shape.slice(axis + 1));
  const outer = elementCount(x.type.shape.slice(0, axis));
  return Array.from({ length: extent }, (_, n) =>
    Array.from({ length: outer * inner }, (_, i) => {
      const o = Math.floor(i / inner);
      return data[(o * extent + n) * inner + (i % inner)]!;
    }),
  );
}

export const unique = /* @__PURE__ */ defineOp({
  name: 'unique',
  inputs: ['x'],
  attrs: { axis: 0, sorted: true },
  traits: {},
  infer(inputs, { axis }) {
    const x = required(inputs, 0, 'x');
    const extent = x.shape[axis];
    if (extent === undefined) throw shapeError('axis', `an axis of ${formatType(x)}`, `${axis}`);
    const list = { dtype: 'int64', shape: [extent] } as const;
    return [x, list, list, list, { dtype: 'int64', shape: [] }];
  },
  evaluate(inputs, { axis, sorted }, types) {
    const x = present(inputs, 0);
    const rows = rowsOf(x, axis);
    const groups = new Map<string, number[]>();
    for (const [n, row] of rows.entries()) {
      const key = row.map((value) => (Object.is(value, -0) ? '0' : String(value))).join(' ');
      const known = groups.get(key);
      if (known === undefined) groups.set(key, [n]);
      else known.push(n);
    }
    const found = [...groups.values()];
    if (sorted) found.sort((a, b) => compare(rows[a[0]!]!, rows[b[0]!]!));
    const [y, first, inverse, counts] = types.map(zeros) as [Tensor, Tensor, Tensor, Tensor];
    const extent = rows.length;
    const inner = elementCount(x.type.shape.slice(axis + 1));
    const outer = elementCount(x.type.shape.slice(0, axis));
    for (const [to, members] of found.entries()) {
      const from = members[0]!;
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < inner; i++)
          y.data[(o * extent + to) * inner + i] = x.data[(o * extent + from) * inner + i]!;
      first.data[to] = BigInt(from);
      counts.data[to] = BigInt(members.length);
      for (const n of members) inverse.data[n] = BigInt(to);
    }
    const count: Tensor = { type: types[4]!, data: BigInt64Array.of(BigInt(found.length)) };
    return [y, first, inverse, counts, count];
  },
  host: 'has a size that depends on data',
  cost: elementwiseCost,
});
