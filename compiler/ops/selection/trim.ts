/**
 * x without what lies behind the first `count` elements of an axis: they are put together, so that they are the beginning
 * of the result's memory, and its true shape is said beside it. Where a result ends whose size depends on data.
 */
import { zeros } from '../../ir/tensor.ts';
import { elementCount, formatType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { present } from '../reference/reals.ts';

export const trim = /* @__PURE__ */ defineOp({
  name: 'trim',
  inputs: ['x', 'count'],
  attrs: { axis: 0 },
  traits: { sized: true },
  infer(inputs, { axis }) {
    const [x, count] = [required(inputs, 0, 'x'), required(inputs, 1, 'count')];
    if (!(axis >= 0 && axis < x.shape.length))
      throw shapeError('axis', `an axis of ${formatType(x)}`, `${axis}`);
    if (count.dtype !== 'int64' || count.shape.length !== 0)
      throw shapeError('count', 'int64[]', formatType(count));
    return [x, { dtype: 'int64', shape: [x.shape.length] }];
  },
  evaluate(inputs, { axis }, [type, shape]) {
    const x = present(inputs, 0);
    const extent = x.type.shape[axis]!;
    const count = Math.max(0, Math.min(extent, Number(present(inputs, 1).data[0]!)));
    const inner = elementCount(x.type.shape.slice(axis + 1));
    const outer = elementCount(x.type.shape.slice(0, axis));
    const [y, size] = [zeros(type!), zeros(shape!)];
    // Both arrays have the same type; that the type is a number's is a convenience for the checker.
    const [from, to] = [x.data as Float32Array, y.data as Float32Array];
    for (let o = 0; o < outer; o++)
      to.set(from.subarray(o * extent * inner, (o * extent + count) * inner), o * count * inner);
    for (const [i, dim] of x.type.shape.entries()) size.data[i] = BigInt(i === axis ? count : dim);
    return [y, size];
  },
  host: 'has a size that depends on data',
  cost: movementCost,
});
