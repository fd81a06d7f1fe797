/** True where x is not a number. */
import { zeros } from '../../ir/tensor.ts';
import { formatType, isFloat } from '../../ir/types.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { numbersOf } from '../reference/elements.ts';

export const isNan = defineOp({
  name: 'isNan',
  inputs: ['x'],
  attrs: {},
  traits: { elementwise: true, permute: permuteElementwise },
  infer(inputs) {
    const x = required(inputs, 0, 'x');
    if (!isFloat(x.dtype)) throw shapeError('isNan', 'a floating point type', formatType(x));
    return [{ dtype: 'bool', shape: x.shape }];
  },
  evaluate([x], _attrs, [type]) {
    const y = zeros(type!);
    const from = numbersOf(x!);
    for (let i = 0; i < from.length; i++) y.data[i] = Number.isNaN(from[i]!) ? 1 : 0;
    return [y];
  },
  cost: elementwiseCost,
});
