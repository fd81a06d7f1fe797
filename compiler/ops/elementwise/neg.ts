/** −x. */
import { defineUnary } from './unary.ts';

export const neg = defineUnary({
  name: 'neg',
  attrs: {},
  fn: () => ({ fn: 'neg', alpha: 0, beta: 0 }),
  integer: (x) => -x,
});
