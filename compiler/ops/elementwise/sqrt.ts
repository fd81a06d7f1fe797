/** Square root; NaN below zero. */
import { defineUnary } from './unary.ts';

export const sqrt = defineUnary({
  name: 'sqrt',
  attrs: {},
  fn: () => ({ fn: 'sqrt', alpha: 0, beta: 0 }),
});
