/** Slices read or written at points: rows of indices into the leading axes. */
import { zeros } from '../../ir/tensor.ts';
import { elementCount, formatType, sameShape, type TensorType } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { offsetsOfPoints } from '../reference/offsets.ts';
import { present } from '../reference/reals.ts';
import { checkScatter, scattered } from '../reference/scatter.ts';

/** Points [batch…, …, depth] into the axes of x after the batch. */
function checkPoints(x: TensorType, indices: TensorType, batches: number): void {
  if (indices.dtype !== 'int64' && indices.dtype !== 'int32')
    throw shapeError('indices', 'int32 or int64', formatType(indices));
  const depth = indices.shape.at(-1);
  const batch = x.shape.slice(0, batches);
  const fits =
    depth !== undefined &&
    batches >= 0 &&
    batches < indices.shape.length &&
    batches + depth <= x.shape.length &&
    sameShape(batch, indices.shape.slice(0, batches));
  const wanted = `[${[...batch, '…'].join(',')}, 1 to ${x.shape.length - batches}], points of ${formatType(x)}`;
  if (!fits) throw shapeError('indices', wanted, formatType(indices));
}

/** y[i…] = x[batch…, indices[i…], …]: for each point the rest of x that it leaves open. (ONNX GatherND-13) */
export const gatherPoints = /* @__PURE__ */ defineOp({
  name: 'gatherPoints',
  inputs: ['x', 'indices'],
  attrs: { batches: 0 },
  traits: {
    apart: ({ batches }, input, axis, inputs) => {
      const rows = inputs[1]!.shape.length - 1;
      return (input === 1 && axis >= batches && axis < rows) || axis < batches ? axis : null;
    },
  },
  infer(inputs, { batches }) {
    const [x, indices] = [required(inputs, 0, 'x'), required(inputs, 1, 'indices')];
    checkPoints(x, indices, batches);
    const rest = x.shape.slice(batches + indices.shape.at(-1)!);
    return [{ dtype: x.dtype, shape: [...indices.shape.slice(0, -1), ...rest] }];
  },
  evaluate(inputs, { batches }, [type]) {
    const [x, indices] = [present(inputs, 0), present(inputs, 1)];
    const y = zeros(type!);
    if (y.data.length === 0) return [y];
    const offsets = offsetsOfPoints(x.type.shape, indices, batches);
    const span = y.data.length / offsets.length;
    // Both arrays have the same type; that the type is a number's is a convenience for the checker.
    const [from, to] = [x.data as Float32Array, y.data as Float32Array];
    for (let i = 0; i < offsets.length; i++) to.set(from.subarray(offsets[i]!, offsets[i]! + span), i * span);
    return [y];
  },
  host: 'reads few slices, far less than what the layers around it compute',
  cost: movementCost,
});

/**
 * x with updates[i…] at the slice x[indices[i…], …]. Where several meet, the last stays, or all are combined: `add`, `mul`,
 * `min`, `max`. (ONNX ScatterND-18)
 */
export const scatterPoints = /* @__PURE__ */ defineOp({
  name: 'scatterPoints',
  inputs: ['x', 'indices', 'updates'],
  attrs: { reduction: 'none' },
  traits: {},
  infer(inputs, { reduction }) {
    const [x, indices] = [required(inputs, 0, 'x'), required(inputs, 1, 'indices')];
    const updates = required(inputs, 2, 'updates');
    checkPoints(x, indices, 0);
    checkScatter(x, reduction);
    const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(indices.shape.at(-1)!)];
    if (updates.dtype !== x.dtype || !sameShape(updates.shape, shape))
      throw shapeError('updates', `${x.dtype}[${shape}]`, formatType(updates));
    return [x];
  },
  evaluate(inputs, { reduction }) {
    const [x, indices, updates] = [present(inputs, 0), present(inputs, 1), present(inputs, 2)];
    const span = elementCount(x.type.shape.slice(indices.type.shape.at(-1)!));
    const offsets = span === 0 ? new Uint32Array(0) : offsetsOfPoints(x.type.shape, indices, 0);
    return [scattered(x, updates, offsets, span, reduction)];
  },
  host: 'writes few slices, far less than what the layers around it compute',
  cost: movementCost,
});
