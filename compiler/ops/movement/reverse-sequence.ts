/** The first `lengths[b]` steps of each sequence in reverse, the others as they are. (ONNX ReverseSequence-10) */
import { elementCount, formatType, stridesOf } from '../../ir/types.ts';
import { movementCost } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { present, realsOf } from '../reference/reals.ts';

export const reverseSequence = /* @__PURE__ */ defineOp({
  name: 'reverseSequence',
  inputs: ['x', 'lengths'],
  attrs: { batchAxis: 1, timeAxis: 0 },
  traits: {},
  infer(inputs, { batchAxis, timeAxis }) {
    const [x, lengths] = [required(inputs, 0, 'x'), required(inputs, 1, 'lengths')];
    if (String([batchAxis, timeAxis].sort()) !== '0,1' || x.shape.length < 2)
      throw shapeError(
        'axes of batch and time',
        `the first two of ${formatType(x)}`,
        `${batchAxis}, ${timeAxis}`,
      );
    if (lengths.dtype !== 'int64' || lengths.shape.length !== 1 || lengths.shape[0] !== x.shape[batchAxis])
      throw shapeError('lengths', `int64[${x.shape[batchAxis]}]`, formatType(lengths));
    return [x];
  },
  evaluate(inputs, { batchAxis, timeAxis }) {
    const x = present(inputs, 0);
    const { shape } = x.type;
    const lengths = realsOf(present(inputs, 1));
    const y = x.data.slice() as Float32Array;
    const from = x.data as Float32Array;
    const strides = stridesOf(shape);
    const inner = elementCount(shape.slice(2));
    for (let b = 0; b < shape[batchAxis]!; b++) {
      const length = Math.max(0, Math.min(lengths[b]!, shape[timeAxis]!));
      const base = b * strides[batchAxis]!;
      for (let t = 0; t < length; t++) {
        const at = base + (length - 1 - t) * strides[timeAxis]!;
        y.set(from.subarray(at, at + inner), base + t * strides[timeAxis]!);
      }
    }
    return [{ type: x.type, data: y as typeof x.data }];
  },
  host: 'moves whole steps of sequences, once around a recurrent layer',
  cost: movementCost,
});
