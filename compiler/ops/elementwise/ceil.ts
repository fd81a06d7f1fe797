/** The smallest integer not below x. */
import { defineUnary } from './unary.ts';

export const ceil = defineUnary({
  name: 'ceil',
  attrs: {},
  fn: () => ({ fn: 'ceil', alpha: 0, beta: 0 }),
});
