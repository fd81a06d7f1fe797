/**
 * A new axis of `depth` elements: `values[1]` where its index says, `values[0]` elsewhere. Below zero an index counts from
 * the end; out of range it hits nothing. (ONNX OneHot-11)
 */
import { zeros } from '../../ir/tensor.ts';
import { elementCount, formatType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { present, realsOf } from '../reference/reals.ts';

export const oneHot = /* @__PURE__ */ defineOp({
  name: 'oneHot',
  inputs: ['indices', 'values'],
  attrs: { depth: 1, axis: 0 },
  required: ['depth', 'axis'],
  traits: {},
  infer(inputs, { depth, axis }) {
    const [indices, values] = [required(inputs, 0, 'indices'), required(inputs, 1, 'values')];
    if (indices.dtype === 'bool') throw shapeError('indices', 'numbers', formatType(indices));
    if (elementCount(values.shape) !== 2 || values.shape.length !== 1)
      throw shapeError('values', `${values.dtype}[2]: off, on`, formatType(values));
    if (!(Number.isInteger(depth) && depth >= 0)) throw shapeError('depth', 'an extent', `${depth}`);
    if (!(axis >= 0 && axis <= indices.shape.length))
      throw shapeError('axis', `0 to ${indices.shape.length}`, `${axis}`);
    return [{ dtype: values.dtype, shape: indices.shape.toSpliced(axis, 0, depth) }];
  },
  evaluate(inputs, { depth, axis }, [type]) {
    const indices = present(inputs, 0);
    const { data } = present(inputs, 1);
    const given = realsOf(indices);
    const y = zeros(type!);
    // The values have the type of the result; that it is a number's is a convenience for the checker.
    (y.data as Float32Array).fill(data[0] as number);
    const inner = elementCount(indices.type.shape.slice(axis));
    for (let i = 0; i < given.length; i++) {
      const index = Math.trunc(given[i]! < 0 ? given[i]! + depth : given[i]!);
      if (index >= 0 && index < depth)
        y.data[(Math.floor(i / inner) * depth + index) * inner + (i % inner)] = data[1]!;
    }
    return [y];
  },
  host: 'writes one element for each index',
  cost: movementCost,
});
