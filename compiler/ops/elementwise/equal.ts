/** a = b, broadcast. */
import { definePredicate } from './predicate.ts';

export const equal = definePredicate({ name: 'equal', of: 'anything', test: (a, b) => a === b });
