/** Connectives of truth values. */
import { zeros } from '../../ir/tensor.ts';
import { formatType } from '../../ir/types.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { definePredicate } from './predicate.ts';

/** a and b, broadcast. */
export const and = /* @__PURE__ */ definePredicate({
  name: 'and',
  of: 'bools',
  test: (a, b) => a !== 0 && b !== 0,
});

/** a or b, broadcast. */
export const or = /* @__PURE__ */ definePredicate({
  name: 'or',
  of: 'bools',
  test: (a, b) => a !== 0 || b !== 0,
});

/** One of a and b but not both, broadcast. */
export const xor = /* @__PURE__ */ definePredicate({
  name: 'xor',
  of: 'bools',
  test: (a, b) => (a !== 0) !== (b !== 0),
});

/** Logical negation. */
export const not = /* @__PURE__ */ defineOp({
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
  host: 'truth values steer shapes and masks, which are constants as a rule',
  cost: elementwiseCost,
});
