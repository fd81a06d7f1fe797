/** x · sigmoid(x), also called swish. */
import { defineUnary } from './unary.ts';

export const silu = defineUnary({
  name: 'silu',
  attrs: {},
  fn: () => ({ fn: 'silu', alpha: 0, beta: 0 }),
});
