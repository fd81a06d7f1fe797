/**
 * bfloat16 to float32. The sixteen bits of a bfloat16 are the upper half of a float32, so widening is exact. The graph
 * has no such dtype: weights stored in it are recipes, this op over their bits as uint16.
 */
import { type Tensor, zeros } from '../../ir/tensor.ts';
import { formatType, type TensorType } from '../../ir/types.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';

function widen(bits: Tensor, type: TensorType): Tensor {
  const y = zeros(type);
  const words = new Uint32Array(y.data.buffer);
  const x = bits.data as Uint16Array;
  for (let i = 0; i < x.length; i++) words[i] = x[i]! << 16;
  return y;
}

export const fromBfloat16 = defineOp({
  name: 'fromBfloat16',
  inputs: ['bits'],
  attrs: {},
  traits: { elementwise: true, permute: permuteElementwise },
  infer(inputs) {
    const bits = required(inputs, 0, 'bits');
    if (bits.dtype !== 'uint16') throw shapeError('fromBfloat16', 'uint16', formatType(bits));
    return [{ dtype: 'float32', shape: bits.shape }];
  },
  evaluate: ([bits], _attrs, [type]) => [widen(bits!, type!)],
  cost: elementwiseCost,
});
