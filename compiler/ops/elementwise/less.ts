/** a < b, broadcast; false where either is NaN. */
import { definePredicate } from './predicate.ts';

export const less = definePredicate({ name: 'less', of: 'numbers', test: (a, b) => a < b });
