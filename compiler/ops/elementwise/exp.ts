/** eˣ. */
import { defineUnary } from './unary.ts';

export const exp = defineUnary({
  name: 'exp',
  attrs: {},
  fn: () => ({ fn: 'exp', alpha: 0, beta: 0 }),
});
