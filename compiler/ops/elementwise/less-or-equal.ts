/** a ≤ b, broadcast; false where either is NaN. */
import { definePredicate } from './predicate.ts';

export const lessOrEqual = definePredicate({ name: 'lessOrEqual', of: 'numbers', test: (a, b) => a <= b });
