/** The larger of a and b, broadcast; NaN if either is. */
import { defineBinary } from './binary.ts';

export const max = defineBinary({
  name: 'max',
  float: Math.max,
  // The function of Math takes no bigint.
  big(a, b) {
    if (a > b) return a;
    return b;
  },
});
