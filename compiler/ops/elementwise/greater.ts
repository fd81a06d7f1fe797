/** a > b, broadcast; false where either is NaN. */
import { definePredicate } from './predicate.ts';

export const greater = definePredicate({ name: 'greater', of: 'numbers', test: (a, b) => a > b });
