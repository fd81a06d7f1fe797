/**
 * x with an update along an axis, from position `starts[b]` of batch b on (0 where there are none): a step appended to a
 * cache. A circular cache goes on at its beginning. (ONNX TensorScatter-24)
 */
import { MillraceError } from '../../../runtime/error.ts';
import { elementCount, formatType, sameShape } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { optionalOf } from '../define/typing.ts';
import { optionalReals, present } from '../reference/reals.ts';

export const tensorScatter = /* @__PURE__ */ defineOp({
  name: 'tensorScatter',
  inputs: ['x', 'update', 'starts?'],
  attrs: { axis: 1, circular: false },
  required: ['axis'],
  traits: {},
  infer(inputs, { axis }) {
    const [x, update] = [required(inputs, 0, 'x'), required(inputs, 1, 'update')];
    if (!(axis > 0 && axis < x.shape.length))
      throw shapeError('axis', `an axis of ${formatType(x)}, but the first`, `${axis}`);
    const length = update.shape[axis] ?? 0;
    const fits = update.dtype === x.dtype && sameShape(update.shape, x.shape.with(axis, length));
    if (!fits || length > x.shape[axis]!)
      throw shapeError('update', `${formatType(x)}, shorter along axis ${axis}`, formatType(update));
    optionalOf(inputs, 2, 'starts', { dtype: 'int64', shape: [x.shape[0]!] });
    return [x];
  },
  evaluate(inputs, { axis, circular }) {
    const [x, update] = [present(inputs, 0), present(inputs, 1)];
    const starts = optionalReals(inputs[2]);
    const { shape } = x.type;
    const [extent, length] = [shape[axis]!, update.type.shape[axis]!];
    // Both arrays have the same type; that the type is a number's is a convenience for the checker.
    const y = x.data.slice() as Float32Array;
    const from = update.data as Float32Array;
    const inner = elementCount(shape.slice(axis + 1));
    const perBatch = elementCount(shape.slice(1, axis));
    for (let b = 0; b < shape[0]!; b++) {
      const start = starts === null ? 0 : starts[b]!;
      if (!(start >= 0 && (circular ? start < extent : start + length <= extent)))
        throw new MillraceError('MODEL_INVALID', 'tensorScatter: position out of range', {
          expected: circular ? `0 to ${extent - 1}` : `0 to ${extent - length}`,
          got: `${start}`,
        });
      for (let row = b * perBatch; row < (b + 1) * perBatch; row++)
        for (let n = 0; n < length; n++) {
          const at = (row * length + n) * inner;
          y.set(from.subarray(at, at + inner), (row * extent + ((start + n) % extent)) * inner);
        }
    }
    return [{ type: x.type, data: y as typeof x.data }];
  },
  host: 'copies a step into a cache',
  cost: movementCost,
});
