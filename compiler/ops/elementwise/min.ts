/** The smaller of a and b, broadcast; NaN if either is. */
import { defineBinary } from './binary.ts';

export const min = defineBinary({
  name: 'min',
  float: Math.min,
  // The function of Math takes no bigint.
  big(a, b) {
    if (a < b) return a;
    return b;
  },
});
