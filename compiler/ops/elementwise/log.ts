/** Natural logarithm; NaN below zero. */
import { defineUnary } from './unary.ts';

export const log = defineUnary({
  name: 'log',
  attrs: {},
  fn: () => ({ fn: 'log', alpha: 0, beta: 0 }),
});
