/** 1 / x. */
import { defineUnary } from './unary.ts';

export const reciprocal = defineUnary({
  name: 'reciprocal',
  attrs: {},
  fn: () => ({ fn: 'reciprocal', alpha: 0, beta: 0 }),
});
