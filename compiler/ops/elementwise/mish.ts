/** x · tanh(softplus(x)). */
import { defineUnary } from './unary.ts';

export const mish = defineUnary({
  name: 'mish',
  attrs: {},
  fn: () => ({ fn: 'mish', alpha: 0, beta: 0 }),
});
