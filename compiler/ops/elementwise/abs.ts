/** |x|. */
import { defineUnary } from './unary.ts';

export const abs = defineUnary({
  name: 'abs',
  attrs: {},
  fn: () => ({ fn: 'abs', alpha: 0, beta: 0 }),
  integer: (x) => (x < 0n ? -x : x),
});
