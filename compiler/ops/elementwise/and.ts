/** a and b, broadcast. */
import { definePredicate } from './predicate.ts';

export const and = definePredicate({ name: 'and', of: 'bools', test: (a, b) => a !== 0 && b !== 0 });
