/** Logical negation. */
import { zeros } from '../../ir/tensor.ts';
import { formatType } from '../../ir/types.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';

export const not = defineOp({
  name: 'not',
  inputs: ['x'],
  attrs: {},
  traits: { elementwise: true, permute: permuteElementwise },
  infer(inputs) {
    const x = required(inputs, 0, 'x');
    if (x.dtype !== 'bool') throw shapeError('not', 'bool', formatType(x));
    return [x];
  },
  evaluate([x], _attrs, [type]) {
    const y = zeros(type!);
    for (let i = 0; i < y.data.length; i++) y.data[i] = x!.data[i] === 0 ? 1 : 0;
    return [y];
  },
  cost: elementwiseCost,
});
