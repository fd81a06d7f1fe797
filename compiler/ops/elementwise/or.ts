/** a or b, broadcast. */
import { definePredicate } from './predicate.ts';

export const or = definePredicate({ name: 'or', of: 'bools', test: (a, b) => a !== 0 || b !== 0 });
