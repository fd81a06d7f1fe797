/** log(1 + eˣ). */
import { defineUnary } from './unary.ts';

export const softplus = defineUnary({
  name: 'softplus',
  attrs: {},
  fn: () => ({ fn: 'softplus', alpha: 0, beta: 0 }),
});
