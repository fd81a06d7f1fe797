/** a where the condition holds, else b; all three broadcast. */
import { type Tensor, type TypedArray, zeros } from '../../ir/tensor.ts';
import { formatType, stridesOf, type TensorType } from '../../ir/types.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { runCopy } from '../lowering/copy.ts';
import { broadcastShapes, broadcastStrides } from '../lowering/strides.ts';

/** The elements of a tensor repeated to a shape. */
function repeated(x: Tensor, { shape }: TensorType): TypedArray {
  const y = zeros({ dtype: x.type.dtype, shape });
  const strides = broadcastStrides(x.type.shape, shape);
  runCopy({ dims: shape, x: strides, y: stridesOf(shape), xOffset: 0, yOffset: 0 }, x.data, y.data);
  return y.data;
}

export const where = /* @__PURE__ */ defineOp({
  name: 'where',
  inputs: ['condition', 'a', 'b'],
  attrs: {},
  traits: { elementwise: true, permute: permuteElementwise },
  infer(inputs) {
    const condition = required(inputs, 0, 'condition');
    const a = required(inputs, 1, 'a');
    const b = required(inputs, 2, 'b');
    if (condition.dtype !== 'bool') throw shapeError('condition', 'bool', formatType(condition));
    if (a.dtype !== b.dtype)
      throw shapeError('where of two dtypes', 'one dtype', `${formatType(a)} and ${formatType(b)}`);
    return [{ dtype: a.dtype, shape: broadcastShapes(condition.shape, a.shape, b.shape) }];
  },
  evaluate([condition, a, b], _attrs, [type]) {
    const [test, yes, no] = [repeated(condition!, type!), repeated(a!, type!), repeated(b!, type!)];
    const y = zeros(type!);
    for (let i = 0; i < y.data.length; i++) y.data[i] = test[i] === 0 ? no[i]! : yes[i]!;
    return [y];
  },
  host: 'chooses by masks, which are constants as a rule',
  cost: elementwiseCost,
});
