/** Single elements read or written at indices along one axis. */
import { zeros } from '../../ir/tensor.ts';
import { elementCount, formatType, sameShape, type TensorType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { offsetsAlong } from '../reference/offsets.ts';
import { present } from '../reference/reals.ts';
import { checkScatter, scattered } from '../reference/scatter.ts';

/** Indices along an axis of x, of its rank, and on other axes no longer than it. */
function checkIndices(x: TensorType, indices: TensorType, axis: number): void {
  if (indices.dtype !== 'int64' && indices.dtype !== 'int32')
    throw shapeError('indices', 'int32 or int64', formatType(indices));
  if (!(axis >= 0 && axis < x.shape.length))
    throw shapeError('axis', `an axis of ${formatType(x)}`, `${axis}`);
  const fits =
    indices.shape.length === x.shape.length &&
    indices.shape.every((dim, i) => i === axis || dim <= x.shape[i]!);
  if (!fits || (x.shape[axis] === 0 && elementCount(indices.shape) > 0))
    throw shapeError('indices', `at most the extents of ${formatType(x)}`, formatType(indices));
}

/** y[i, j, …] = x[i, indices[i, j, …], …], with the index in the place of an axis. (ONNX GatherElements-13) */
export const gatherElements = /* @__PURE__ */ defineOp({
  name: 'gatherElements',
  inputs: ['x', 'indices'],
  attrs: { axis: 0 },
  traits: {},
  infer(inputs, { axis }) {
    const [x, indices] = [required(inputs, 0, 'x'), required(inputs, 1, 'indices')];
    checkIndices(x, indices, axis);
    return [{ dtype: x.dtype, shape: indices.shape }];
  },
  evaluate(inputs, { axis }, [type]) {
    const x = present(inputs, 0);
    const offsets = offsetsAlong(x.type.shape, present(inputs, 1), axis);
    const y = zeros(type!);
    for (let i = 0; i < offsets.length; i++) y.data[i] = x.data[offsets[i]!]!;
    return [y];
  },
  host: 'reads single elements, far less than what the layers around it compute',
  cost: movementCost,
});

/**
 * x with updates[i, j, …] at [i, indices[i, j, …], …], the index in the place of an axis. Where several meet, the last
 * stays, or all are combined: `add`, `mul`, `min`, `max`. (ONNX ScatterElements-18)
 */
export const scatterElements = /* @__PURE__ */ defineOp({
  name: 'scatterElements',
  inputs: ['x', 'indices', 'updates'],
  attrs: { axis: 0, reduction: 'none' },
  traits: {},
  infer(inputs, { axis, reduction }) {
    const [x, indices] = [required(inputs, 0, 'x'), required(inputs, 1, 'indices')];
    const updates = required(inputs, 2, 'updates');
    checkIndices(x, indices, axis);
    checkScatter(x, reduction);
    if (updates.dtype !== x.dtype || !sameShape(updates.shape, indices.shape))
      throw shapeError('updates', `${x.dtype}[${indices.shape}]`, formatType(updates));
    return [x];
  },
  evaluate(inputs, { axis, reduction }) {
    const x = present(inputs, 0);
    const offsets = offsetsAlong(x.type.shape, present(inputs, 1), axis);
    return [scattered(x, present(inputs, 2), offsets, 1, reduction)];
  },
  host: 'writes single elements, far less than what the layers around it compute',
  cost: movementCost,
});
