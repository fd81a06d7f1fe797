/** a to the power b, broadcast. */
import { defineBinary } from './binary.ts';

export const pow = defineBinary({
  name: 'pow',
  float: (a, b) => a ** b,
  integer: (a, b) => Math.trunc(a ** b),
  big: power,
});

/** Of integers: a negative exponent gives the truncated quotient of 1, 0 but for bases of 1 and −1. */
function power(a: bigint, b: bigint): bigint {
  if (b >= 0n) return a ** b;
  if (a === 1n) return 1n;
  return a === -1n ? (b % 2n === 0n ? 1n : -1n) : 0n;
}
