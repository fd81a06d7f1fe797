/** Hyperbolic tangent. */
import { defineUnary } from './unary.ts';

export const tanh = defineUnary({
  name: 'tanh',
  attrs: {},
  fn: () => ({ fn: 'tanh', alpha: 0, beta: 0 }),
});
