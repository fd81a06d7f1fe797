/** What compares two numbers, and chooses the larger or smaller. */
import { zeros } from '../../ir/tensor.ts';
import { formatType, isFloat } from '../../ir/types.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { defineOp, required, shapeError } from '../define/op.ts';
import { numbersOf } from '../reference/elements.ts';
import { defineBinary } from './binary.ts';
import { definePredicate } from './predicate.ts';

/** a = b, broadcast. */
export const equal = /* @__PURE__ */ definePredicate({
  name: 'equal',
  of: 'anything',
  test: (a, b) => a === b,
});

/** a < b, broadcast; false where either is NaN. */
export const less = /* @__PURE__ */ definePredicate({ name: 'less', of: 'numbers', test: (a, b) => a < b });

/** a ≤ b, broadcast; false where either is NaN. */
export const lessOrEqual = /* @__PURE__ */ definePredicate({
  name: 'lessOrEqual',
  of: 'numbers',
  test: (a, b) => a <= b,
});

/** a > b, broadcast; false where either is NaN. */
export const greater = /* @__PURE__ */ definePredicate({
  name: 'greater',
  of: 'numbers',
  test: (a, b) => a > b,
});

/** a ≥ b, broadcast; false where either is NaN. */
export const greaterOrEqual = /* @__PURE__ */ definePredicate({
  name: 'greaterOrEqual',
  of: 'numbers',
  test: (a, b) => a >= b,
});

/** The larger of a and b, broadcast; NaN if either is. */
export const max = /* @__PURE__ */ defineBinary({
  name: 'max',
  float: Math.max,
  // The function of Math takes no bigint.
  big(a, b) {
    if (a > b) return a;
    return b;
  },
});

/** The smaller of a and b, broadcast; NaN if either is. */
export const min = /* @__PURE__ */ defineBinary({
  name: 'min',
  float: Math.min,
  // The function of Math takes no bigint.
  big(a, b) {
    if (a < b) return a;
    return b;
  },
});

/** True where x is not a number. */
export const isNan = /* @__PURE__ */ defineOp({
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
  host: 'guards against what a network at inference does not make',
  cost: elementwiseCost,
});

/** True where x is infinite, of a sign that the attributes admit. */
export const isInf = /* @__PURE__ */ defineOp({
  name: 'isInf',
  inputs: ['x'],
  attrs: { negative: true, positive: true },
  traits: { elementwise: true, permute: permuteElementwise },
  infer(inputs) {
    const x = required(inputs, 0, 'x');
    if (!isFloat(x.dtype)) throw shapeError('isInf', 'a floating point type', formatType(x));
    return [{ dtype: 'bool', shape: x.shape }];
  },
  evaluate([x], { negative, positive }, [type]) {
    const y = zeros(type!);
    const from = numbersOf(x!);
    for (let i = 0; i < from.length; i++) {
      const value = from[i]!;
      y.data[i] = (negative && value === -Infinity) || (positive && value === Infinity) ? 1 : 0;
    }
    return [y];
  },
  host: 'guards against what a network at inference does not make',
  cost: elementwiseCost,
});
