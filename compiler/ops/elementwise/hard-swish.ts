/** x · max(0, min(1, x/6 + ½)). */
import { defineUnary } from './unary.ts';

export const hardSwish = defineUnary({
  name: 'hardSwish',
  attrs: {},
  fn: () => ({ fn: 'hardSwish', alpha: 0, beta: 0 }),
});
