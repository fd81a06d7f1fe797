/** Where along an axis the largest or smallest element is, as int64; the first of several, or the last. (ONNX ArgMax-13) */
import { type Tensor, zeros } from '../../ir/tensor.ts';
import { elementCount, formatType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { numbersOf } from '../reference/elements.ts';
import { present } from '../reference/reals.ts';

/** Of each column of [outer, extent, inner]. Rows of the inner axis are walked together, in the order of memory. */
function search(x: Tensor, outer: number, extent: number, inner: number, sign: 1 | -1, last: boolean) {
  const data = x.type.dtype === 'float16' ? numbersOf(x) : x.data;
  const at = new Int32Array(outer * inner);
  for (let o = 0; o < outer; o++)
    for (let n = 1; n < extent; n++) {
      const row = (o * extent + n) * inner;
      const first = o * extent * inner;
      for (let i = 0; i < inner; i++) {
        const [value, best] = [data[row + i]!, data[first + at[o * inner + i]! * inner + i]!];
        const better = sign > 0 ? value > best : value < best;
        if (better || (last && value === best)) at[o * inner + i] = n;
      }
    }
  return at;
}

const defineArg = <N extends string>(name: N, sign: 1 | -1) =>
  defineOp({
    name,
    inputs: ['x'],
    attrs: { axis: 0, keepDims: true, last: false },
    traits: {
      apart: ({ axis: along, keepDims }, _input, axis) => {
        if (axis === along) return null;
        return keepDims || axis < along ? axis : axis - 1;
      },
      permute(attrs, perm) {
        const axis = perm[attrs.axis]!;
        const kept = perm.filter((_, i) => i !== attrs.axis);
        const order = [...kept].sort((a, b) => a - b);
        return {
          attrs: { ...attrs, axis },
          inputs: ['same'],
          outputs: [attrs.keepDims ? perm : kept.map((place) => order.indexOf(place))],
        };
      },
    },
    infer(inputs, { axis, keepDims }) {
      const x = required(inputs, 0, 'x');
      if (!(axis >= 0 && axis < x.shape.length))
        throw shapeError('axis', `an axis of ${formatType(x)}`, `${axis}`);
      const rest = x.shape.toSpliced(axis, 1);
      if (x.shape[axis] === 0 && elementCount(rest) > 0)
        throw shapeError('input x', `an element along axis ${axis}`, formatType(x));
      return [{ dtype: 'int64', shape: keepDims ? x.shape.with(axis, 1) : rest }];
    },
    evaluate(inputs, { axis, last }, [type]) {
      const x = present(inputs, 0);
      const { shape } = x.type;
      const inner = elementCount(shape.slice(axis + 1));
      const at = search(x, elementCount(shape.slice(0, axis)), shape[axis]!, inner, sign, last);
      const y = zeros(type!);
      for (let i = 0; i < y.data.length; i++) y.data[i] = BigInt(at[i]!);
      return [y];
    },
    host: 'reads a result once, after the layers that computed it',
    cost: movementCost,
  });

/** Where the largest element along an axis is. */
export const argMax = /* @__PURE__ */ defineArg('argMax', 1);

/** Where the smallest element along an axis is. */
export const argMin = /* @__PURE__ */ defineArg('argMin', -1);
