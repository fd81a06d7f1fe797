/** a ≥ b, broadcast; false where either is NaN. */
import { definePredicate } from './predicate.ts';

export const greaterOrEqual = definePredicate({
  name: 'greaterOrEqual',
  of: 'numbers',
  test: (a, b) => a >= b,
});
